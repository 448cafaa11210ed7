//! `wxbox doctor`: looks at everything that a message and a binding need, changes nothing, and says what to mend.

mod account;
mod callback;
mod check;
mod config;
mod database;
mod group;
mod network;
mod templates;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, bounded};

use crate::app::App;
use crate::cli::Global;
use crate::config::Flags;
use crate::error::{Exit, Failure};
use crate::signals::Watch;
use crate::t;
use crate::ui::{Level, Ui, Waiting};
use crate::wechat::redirect::Kind;
use crate::words::listed;
use check::{Check, Name};
use group::{Ended, Group, Patience};

/// How long the config may take to be read.
const READING: Duration = Duration::from_secs(4);
/// How long all of it may take.
const WHOLE: Duration = Duration::from_secs(13);

/// What has been shown so far.
#[derive(Default)]
struct Tally {
    failures: usize,
    warnings: usize,
    /// What could not be looked at, since something before it failed.
    skipped: Vec<Name>,
    /// There is no config to go by.
    is_blind: bool,
}

pub(super) fn run(ui: &mut Ui, global: &Global) -> anyhow::Result<Exit> {
    let signals = Watch::begin()?;
    let waiting = Waiting::begin(ui, &t!("doctor-looking"), WHOLE);
    let tick = || waiting.tick();
    let begun = Instant::now();
    let patience = |whole: Duration| Patience { until: begun + whole, whole, signals: &signals.events, tick: &tick };
    let mut tally = Tally::default();

    let flags = Flags { config: global.config.clone(), database: global.database.clone(), ..Flags::default() };
    let (hand_over, loaded) = bounded(1);
    let config = Group::begin(config::NAMES, move |tell| config::look(tell, &flags, &hand_over))?;
    tally.show(ui, config, &patience(READING))?;
    match loaded.try_recv() {
        Ok(app) => {
            let (groups, kind) = begin(Arc::new(app))?;
            for (group, redirect) in groups {
                if let Some(app) = redirect {
                    tally.one(ui, callback::redirect_uri(&app, kind.try_iter().last()))?;
                }
                tally.show(ui, group, &patience(WHOLE))?;
            }
        }
        Err(_) => tally.is_blind = true,
    }
    drop(waiting);
    tally.sum_up(ui);
    Ok(if tally.failures > 0 { Exit::Config } else { Exit::Done })
}

/// The looks, in the order in which they are shown; before the last, what is to be said of redirect_uri.
type Groups = Vec<(Group, Option<Arc<App>>)>;

/// Begins all looks at once.
fn begin(app: Arc<App>) -> anyhow::Result<(Groups, Receiver<Kind>)> {
    let (tell_kind, kind) = bounded(1);
    let with = || Arc::clone(&app);
    let (a, b, c, d, e) = (with(), with(), with(), with(), with());
    let groups = vec![
        (Group::begin(database::NAMES, move |tell| database::look(tell, &a))?, None),
        (Group::begin(network::NAMES, move |tell| network::names(tell, &b))?, None),
        (Group::begin(network::WAY, move |tell| network::way(tell, &c))?, None),
        (Group::begin(account::NAMES, move |tell| account::look(tell, &d, &tell_kind))?, None),
        (Group::begin(callback::NAMES, move |tell| callback::look(tell, &e))?, Some(app)),
    ];
    Ok((groups, kind))
}

impl Tally {
    fn one(&mut self, ui: &mut Ui, check: Check) -> anyhow::Result<()> {
        match check.status {
            Level::Ok => {}
            Level::Warning => self.warnings += 1,
            Level::Failure => self.failures += 1,
        }
        ui.verdict(&check, check.status, &check.check.said(), &check.detail, check.fix.as_deref())
    }

    fn show(&mut self, ui: &mut Ui, group: Group, patience: &Patience<'_>) -> anyhow::Result<()> {
        match group.gather(patience, |check| self.one(ui, check))? {
            Ended::Whole(left) => self.skipped.extend(left),
            Ended::Late => {}
            Ended::Stopped(signal) => {
                return Err(Failure { exit: signal.exit(), what: t!("ui-interrupted"), hint: None }.into());
            }
        }
        Ok(())
    }

    fn sum_up(&self, ui: &mut Ui) {
        if self.is_blind {
            ui.status(&t!("doctor-blind"));
        } else if !self.skipped.is_empty() {
            let names = listed(self.skipped.iter().map(|name| name.said()));
            ui.status(&t!("doctor-skipped", names = names));
        }
        ui.status(&match (self.failures, self.warnings) {
            (0, 0) => t!("doctor-well"),
            (0, warnings) => t!("doctor-warnings", warnings = warnings),
            (failures, warnings) => t!("doctor-failures", failures = failures, warnings = warnings),
        });
    }
}
