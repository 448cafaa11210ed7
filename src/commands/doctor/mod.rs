//! `wxbox doctor`: looks at everything that a message and a binding need, changes nothing, and says what to mend.

mod account;
mod callback;
mod check;
mod check_group;
mod config;
mod database;
mod network;
mod session;
mod templates;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, bounded};

use crate::cli::Global;
use crate::config::CliOverrides;
use crate::context::AppContext;
use crate::exit::{CommandError, ExitStatus};
use crate::i18n::join_list;
use crate::signals::SignalReceiver;
use crate::t;
use crate::ui::{Countdown, Level, Ui};
use crate::wechat::redirect_uri::AccountType;
use check::{Check, CheckName};
use check_group::{CheckDeadline, CheckGroup, CollectResult};

/// How long the config may take to be read.
const CONFIG_TIMEOUT: Duration = Duration::from_secs(4);
/// How long all of it may take.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(13);

/// What has been shown so far.
#[derive(Default)]
struct DoctorSummary {
    failures: usize,
    warnings: usize,
    /// What could not be looked at, since something before it failed.
    skipped: Vec<CheckName>,
    /// There is no config to go by.
    config_unreadable: bool,
}

pub(super) fn run(ui: &mut Ui, global: &Global) -> anyhow::Result<ExitStatus> {
    let signals = SignalReceiver::new()?;
    let waiting = Countdown::new(ui, &t!("doctor-looking"), TOTAL_TIMEOUT);
    let tick = || waiting.tick();
    let started_at = Instant::now();
    let deadline = |whole: Duration| CheckDeadline {
        until: started_at + whole,
        total: whole,
        signals: &signals.events,
        tick: &tick,
    };
    let mut summary = DoctorSummary::default();

    let flags =
        CliOverrides { config: global.config.clone(), database: global.database.clone(), ..CliOverrides::default() };
    let (hand_over, loaded) = bounded(1);
    let config = CheckGroup::start(config::CHECKS, move |tell| config::check(tell, &flags, &hand_over))?;
    summary.show_group(ui, config, &deadline(CONFIG_TIMEOUT))?;
    match loaded.try_recv() {
        Ok(app) => {
            let (groups, kind) = start_groups(Arc::new(app))?;
            for (group, redirect) in groups {
                if let Some(app) = redirect {
                    summary.add(ui, callback::check_redirect_uri(&app, kind.try_iter().last()))?;
                }
                summary.show_group(ui, group, &deadline(TOTAL_TIMEOUT))?;
            }
        }
        Err(_) => summary.config_unreadable = true,
    }
    drop(waiting);
    summary.print(ui);
    Ok(if summary.failures > 0 { ExitStatus::Config } else { ExitStatus::Success })
}

/// The looks, in the order in which they are shown; before the last, what is to be said of redirect_uri.
type Groups = Vec<(CheckGroup, Option<Arc<AppContext>>)>;

/// Begins all looks at once.
fn start_groups(app: Arc<AppContext>) -> anyhow::Result<(Groups, Receiver<AccountType>)> {
    let (tell_kind, kind) = bounded(1);
    let with = || Arc::clone(&app);
    let (a, b, c, d, e) = (with(), with(), with(), with(), with());
    let groups = vec![
        (CheckGroup::start(database::CHECKS, move |tell| database::check(tell, &a))?, None),
        (CheckGroup::start(network::DNS_CHECKS, move |tell| network::check_dns(tell, &b))?, None),
        (CheckGroup::start(network::CONNECTIVITY_CHECKS, move |tell| network::check_connectivity(tell, &c))?, None),
        (CheckGroup::start(account::CHECKS, move |tell| account::check(tell, &d, &tell_kind))?, None),
        (CheckGroup::start(callback::CHECKS, move |tell| callback::check(tell, &e))?, Some(app)),
    ];
    Ok((groups, kind))
}

impl DoctorSummary {
    fn add(&mut self, ui: &mut Ui, check: Check) -> anyhow::Result<()> {
        match check.status {
            Level::Ok => {}
            Level::Warning => self.warnings += 1,
            Level::Failure => self.failures += 1,
        }
        ui.print_finding(&check, check.status, &check.check.label(), &check.detail, check.fix.as_deref())
    }

    fn show_group(&mut self, ui: &mut Ui, group: CheckGroup, patience: &CheckDeadline<'_>) -> anyhow::Result<()> {
        match group.collect(patience, |check| self.add(ui, check))? {
            CollectResult::Completed(left) => self.skipped.extend(left),
            CollectResult::TimedOut => {}
            CollectResult::Interrupted(signal) => {
                return Err(
                    CommandError { exit: signal.exit_status(), message: t!("ui-interrupted"), hint: None }.into()
                );
            }
        }
        Ok(())
    }

    fn print(&self, ui: &mut Ui) {
        if self.config_unreadable {
            ui.status(&t!("doctor-blind"));
        } else if !self.skipped.is_empty() {
            let names = join_list(self.skipped.iter().map(|name| name.label()));
            ui.status(&t!("doctor-skipped", names = names));
        }
        ui.status(&match (self.failures, self.warnings) {
            (0, 0) => t!("doctor-well"),
            (0, warnings) => t!("doctor-warnings", warnings = warnings),
            (failures, warnings) => t!("doctor-failures", failures = failures, warnings = warnings),
        });
    }
}
