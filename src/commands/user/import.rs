//! `user import`: everybody in a file is added, or nobody.

use std::fmt;
use std::fs::File;
use std::io::{Cursor, Read};
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context as _;
use serde::Serialize;

use super::import_django;
use super::import_reader::{RawRecord, RecordReader};
use crate::cli::UserImport;
use crate::clock::Timestamp;
use crate::context;
use crate::context::AppContext;
use crate::exit::{CommandError, ExitStatus};
use crate::password;
use crate::secret::Secret;
use crate::store::{ImportConflict, SQLITE_HEADER, StagedUser, Store};
use crate::t;
use crate::ui::{Progress, Ui};

/// How many were added.
#[derive(Serialize)]
pub(super) struct ImportView {
    pub(super) added: usize,
}

impl fmt::Display for ImportView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&t!("import-added", count = self.added))
    }
}

/// A person as the database will have them.
pub(super) struct ImportUser {
    pub(super) line: u64,
    pub(super) username: String,
    pub(super) uid: String,
    pub(super) password_hash: Option<String>,
    pub(super) plain_password: Option<Secret>,
    pub(super) openid: Option<String>,
    pub(super) tags: Vec<String>,
    pub(super) note: String,
}

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

/// Openids that look like none of WeChat's: the first, and how many there are.
#[derive(Default)]
pub(super) struct UnusualOpenids {
    first: Option<(u64, String)>,
    count: usize,
}

impl UnusualOpenids {
    pub(super) fn record(&mut self, person: &ImportUser) {
        if let Some(openid) = person.openid.as_ref().filter(|openid| context::is_unusual_openid(openid)) {
            self.count += 1;
            self.first.get_or_insert_with(|| (person.line, openid.clone()));
        }
    }

    /// Says so of all of them at once; `place` says where the first stands.
    pub(super) fn warn(self, ui: &mut Ui, place: impl FnOnce(u64, &str) -> String) {
        if let Some((line, openid)) = self.first {
            ui.warn(&place(line, &t!("import-openid-odd", openid = openid, others = self.count - 1)));
        }
    }
}

pub(super) fn stage_user(store: &mut Store, person: &ImportUser) -> crate::store::Result<Result<i64, ImportConflict>> {
    store.stage_user(&StagedUser {
        line: person.line,
        username: &person.username,
        uid: &person.uid,
        password: person.password_hash.as_deref(),
        openid: person.openid.as_deref(),
        tags: &person.tags,
        note: &person.note,
    })
}

/// Every field as it is kept, or what is wrong with it.
fn validate(records: &RecordReader, raw: RawRecord) -> Result<ImportUser, CommandError> {
    let line = raw.line;
    let RawRecord { tags, fields: [username, uid, word, openid, _, note], .. } = raw;
    let at = |column: &'static str| {
        move |failure: CommandError| records.column_error(line, column, &failure.message).hint(failure.hint)
    };
    let username = super::parse_name(&username).map_err(at("username"))?;
    let uid = match uid.trim() {
        "" => super::uid_for(&username),
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
    let tags = super::parse_tags(&tags).map_err(|failure| at("tags")(failure.hint(None)))?;
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

/// Hashes what came in clear, on all processors: each takes some 25 ms, on purpose.
pub(super) fn hash_passwords(ui: &mut Ui, store: &mut Store, clear: &[(i64, Secret)]) -> anyhow::Result<()> {
    if clear.is_empty() {
        return Ok(());
    }
    let progress = Progress::new(ui, &t!("import-hashing"), clear.len() as u64);
    let workers = std::thread::available_parallelism().map_or(1, NonZero::get).min(clear.len());
    let next = AtomicUsize::new(0);
    let (tell, hashes) = crossbeam_channel::unbounded();
    std::thread::scope(|scope| {
        for _ in 0..workers {
            let (tell, next) = (tell.clone(), &next);
            scope.spawn(move || {
                while let Some((n, password)) = clear.get(next.fetch_add(1, Ordering::Relaxed)) {
                    // Nobody listens any more where one has failed.
                    if tell.send((*n, password::hash(password))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(tell);
        // Taken into the loop, so that a failure closes the channel and the workers end.
        for (n, hash) in hashes {
            store.set_staged_password(n, &hash?)?;
            progress.increment();
        }
        Ok(())
    })
}
