//! `user import` adds all people in a file, or none.

use std::fs::File;
use std::io::{Cursor, Read};

use anyhow::Context as _;

use super::import_django;
use super::import_reader::{RawRecord, RecordReader};
use super::parse::{parse_name, parse_tags, uid_for};
use super::stage::{ImportUser, ImportView, UnusualOpenids, hash_passwords, stage_user};
use crate::cli::UserImport;
use crate::clock::Timestamp;
use crate::context;
use crate::context::AppContext;
use crate::exit::{CommandError, ExitStatus};
use crate::password;
use crate::store::{ImportConflict, SQLITE_HEADER};
use crate::t;
use crate::ui::Ui;

pub(super) fn import(ui: &mut Ui, app: &AppContext, args: &UserImport) -> anyhow::Result<ExitStatus> {
    let stdin = args.file.as_os_str() == "-";
    let name = if stdin { t!("ui-stdin-name") } else { args.file.display().to_string() };
    let mut input: Box<dyn Read> = if stdin {
        ui.explain_stdin();
        Box::new(std::io::stdin())
    } else {
        Box::new(File::open(&args.file).with_context(|| t!("import-read", file = name))?)
    };
    let mut head = Vec::new();
    let header_length = SQLITE_HEADER.len() as u64;
    input.by_ref().take(header_length).read_to_end(&mut head).with_context(|| t!("import-read", file = name))?;
    match (head == SQLITE_HEADER, stdin) {
        (true, true) => {
            return Err(CommandError::usage(t!("import-sqlite-stdin")).hint(t!("import-sqlite-stdin-hint")).into());
        }
        (true, false) => return import_django::import(ui, app, &args.file),
        (false, _) => {}
    }
    let path = (!stdin).then_some(args.file.as_path());
    let mut records = RecordReader::open(Box::new(Cursor::new(head).chain(input)), name, path, ui.json())?;
    let mut store = app.open_or_create_store(ui)?;
    store.begin_staging()?;
    let mut plain_passwords = Vec::new();
    let mut app_id = None;
    let mut unusual_openids = UnusualOpenids::default();
    while let Some(raw) = records.next()? {
        let user = validate(&records, raw)?;
        if user.openid.is_some() && app_id.is_none() {
            app_id = Some(
                app.require_app_id().with_context(|| records.location(user.line, "openid", &t!("import-openid")))?,
            );
        }
        unusual_openids.record(&user);
        let n = stage_user(&mut store, &user)?.map_err(|conflict| conflict_error(&records, &conflict))?;
        plain_passwords.extend(user.plain_password.map(|password| (n, password)));
    }
    if let Some(conflict) = store.finish_staging()? {
        return Err(conflict_error(&records, &conflict).into());
    }
    hash_passwords(ui, &mut store, &plain_passwords)?;
    let committed = store.commit_staged(app_id.as_deref().unwrap_or_default(), Timestamp::now())?;
    let added = committed.map_err(|conflict| conflict_error(&records, &conflict))?;
    unusual_openids.warn(ui, |line, what| records.location(line, "openid", what));
    ui.print_result(&ImportView { added })?;
    Ok(ExitStatus::Success)
}

/// Validates a record. The error names the line and the column.
fn validate(records: &RecordReader, raw: RawRecord) -> Result<ImportUser, CommandError> {
    let line = raw.line;
    let RawRecord { tags, fields: [username, uid, password, openid, _, note], .. } = raw;
    let in_column = |column: &'static str| {
        move |failure: CommandError| records.column_error(line, column, &failure.message).hint(failure.hint)
    };
    let username = parse_name(&username).map_err(in_column("username"))?;
    let uid = match uid.trim() {
        "" => uid_for(&username),
        uid if uid.len() == 32 && uid.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) => uid.to_owned(),
        uid => return Err(records.column_error(line, "uid", &t!("import-uid", uid = uid)).hint(t!("import-uid-hint"))),
    };
    let (mut hash, mut plain_passwords) = (None, None);
    match password::is_hash(&password) {
        _ if password.is_empty() => {}
        Some(true) => hash = Some(password),
        Some(false) if password::is_usable(&password) => plain_passwords = Some(password.into()),
        Some(false) => return Err(records.column_error(line, "password", &t!("import-password"))),
        None => return Err(records.column_error(line, "password", &t!("import-hash"))),
    }
    let openid = match openid.trim() {
        "" => None,
        openid => Some(context::parse_openid_argument(openid).map_err(in_column("openid"))?.to_owned()),
    };
    let tags = parse_tags(&tags).map_err(|failure| in_column("tags")(failure.hint(None)))?;
    Ok(ImportUser {
        line,
        username,
        uid,
        password_hash: hash,
        plain_password: plain_passwords,
        openid,
        tags,
        note: note.trim().to_owned(),
    })
}

/// Describes which existing person or earlier line the record conflicts with.
fn conflict_error(records: &RecordReader, conflict: &ImportConflict) -> CommandError {
    let ImportConflict { line, username, holder, holder_line } = conflict;
    let (message, hint) = match holder_line {
        Some(earlier) if holder == username => (t!("import-twice", user = username, line = earlier), None),
        Some(earlier) => (t!("import-uid-twice", user = username, holder = holder, line = earlier), None),
        None if holder == username => (t!("user-exists", user = username), Some(t!("import-exists-hint"))),
        None => (t!("import-uid-taken", user = username, holder = holder), Some(t!("import-exists-hint"))),
    };
    CommandError { exit: ExitStatus::NotFound, ..records.line_error(*line, &message) }.hint(hint)
}
