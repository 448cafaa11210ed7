//! `user import`: everybody in a file is added, or nobody.

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
    let mut from: Box<dyn Read> = if stdin {
        Box::new(std::io::stdin())
    } else {
        Box::new(File::open(&args.file).with_context(|| t!("import-read", file = name))?)
    };
    let mut head = Vec::new();
    let begin = SQLITE_HEADER.len() as u64;
    from.by_ref().take(begin).read_to_end(&mut head).with_context(|| t!("import-read", file = name))?;
    match (head == SQLITE_HEADER, stdin) {
        (true, true) => {
            return Err(CommandError::usage(t!("import-sqlite-stdin")).hint(t!("import-sqlite-stdin-hint")).into());
        }
        (true, false) => return import_django::import(ui, app, &args.file),
        (false, _) => {}
    }
    let mut records = RecordReader::open(Box::new(Cursor::new(head).chain(from)), name, ui.json())?;
    let mut store = app.open_or_create_store(ui)?;
    store.begin_staging()?;
    let mut clear = Vec::new();
    let mut app_id = None;
    let mut odd = UnusualOpenids::default();
    while let Some(raw) = records.next()? {
        let person = validate(&records, raw)?;
        if person.openid.is_some() && app_id.is_none() {
            app_id = Some(
                app.require_app_id().with_context(|| records.location(person.line, "openid", &t!("import-openid")))?,
            );
        }
        odd.record(&person);
        let n = stage_user(&mut store, &person)?.map_err(|clash| conflict_error(&records, &clash))?;
        clear.extend(person.plain_password.map(|password| (n, password)));
    }
    if let Some(clash) = store.finish_staging()? {
        return Err(conflict_error(&records, &clash).into());
    }
    hash_passwords(ui, &mut store, &clear)?;
    let taken = store.commit_staged(app_id.as_deref().unwrap_or_default(), Timestamp::now())?;
    let added = taken.map_err(|clash| conflict_error(&records, &clash))?;
    odd.warn(ui, |line, what| records.location(line, "openid", what));
    ui.print_result(&ImportView { added })?;
    Ok(ExitStatus::Success)
}

/// Every field as it is kept, or what is wrong with it.
fn validate(records: &RecordReader, raw: RawRecord) -> Result<ImportUser, CommandError> {
    let line = raw.line;
    let RawRecord { tags, fields: [username, uid, word, openid, _, note], .. } = raw;
    let at = |column: &'static str| {
        move |failure: CommandError| records.column_error(line, column, &failure.message).hint(failure.hint)
    };
    let username = parse_name(&username).map_err(at("username"))?;
    let uid = match uid.trim() {
        "" => uid_for(&username),
        uid if uid.len() == 32 && uid.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) => uid.to_owned(),
        uid => return Err(records.column_error(line, "uid", &t!("import-uid", uid = uid)).hint(t!("import-uid-hint"))),
    };
    let (mut hash, mut clear) = (None, None);
    match password::is_hash(&word) {
        _ if word.is_empty() => {}
        Some(true) => hash = Some(word),
        Some(false) if password::is_usable(&word) => clear = Some(word.into()),
        Some(false) => return Err(records.column_error(line, "password", &t!("import-password"))),
        None => return Err(records.column_error(line, "password", &t!("import-hash"))),
    }
    let openid = match openid.trim() {
        "" => None,
        openid => Some(context::parse_openid_argument(openid).map_err(at("openid"))?.to_owned()),
    };
    let tags = parse_tags(&tags).map_err(|failure| at("tags")(failure.hint(None)))?;
    Ok(ImportUser {
        line,
        username,
        uid,
        password_hash: hash,
        plain_password: clear,
        openid,
        tags,
        note: note.trim().to_owned(),
    })
}

/// Who is there already, and where.
fn conflict_error(records: &RecordReader, clash: &ImportConflict) -> CommandError {
    let ImportConflict { line, username, holder, holder_line } = clash;
    let (what, hint) = match holder_line {
        Some(before) if holder == username => (t!("import-twice", user = username, line = before), None),
        Some(before) => (t!("import-uid-twice", user = username, holder = holder, line = before), None),
        None if holder == username => (t!("user-exists", user = username), Some(t!("import-exists-hint"))),
        None => (t!("import-uid-taken", user = username, holder = holder), Some(t!("import-exists-hint"))),
    };
    CommandError { exit: ExitStatus::NotFound, ..records.line_error(*line, &what) }.hint(hint)
}
