//! `wxbox doctor` checks everything that sending and binding need, and suggests fixes. It changes
//! nothing, except that `--fix` removes permissions that are too wide.

mod account;
mod callback;
mod check;
mod check_group;
mod config;
mod database;
mod network;
mod permissions;
mod probe;
mod push;
mod served_config;
mod session;
mod templates;

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Sender, bounded};

use crate::cli::{Doctor, Global};
use crate::config::CliOverrides;
use crate::context::AppContext;
use crate::exit::{CommandError, ExitStatus};
use crate::i18n::{join_clauses, join_list};
use crate::signals::SignalReceiver;
use crate::t;
use crate::ui::{Countdown, Level, Ui};
use crate::wechat::redirect_uri::AccountType;
use check::{Check, CheckName};
use check_group::{CheckDeadline, CheckGroup, CheckSender, CollectResult};

/// The time to load the configuration.
const CONFIG_TIMEOUT: Duration = Duration::from_secs(4);
/// The time for all checks.
const TOTAL_TIMEOUT: Duration = Duration::from_secs(13);

/// The results so far.
#[derive(Default)]
struct DoctorSummary {
    /// The results that are not printed yet, in the order in which they arrived.
    checks: Vec<Check>,
    passed: usize,
    failures: usize,
    warnings: usize,
    /// Whether checks that passed are printed.
    shows_passed: bool,
    /// The checks that did not run because an earlier one failed.
    skipped: Vec<CheckName>,
    /// The configuration could not be loaded, so no other check ran.
    config_unreadable: bool,
}

pub(super) fn run(ui: &mut Ui, global: &Global, args: &Doctor) -> anyhow::Result<ExitStatus> {
    let flags =
        CliOverrides { config: global.config.clone(), database: global.database.clone(), ..CliOverrides::default() };
    if args.fix {
        permissions::fix_all(ui, &flags);
    }
    let mut summary = DoctorSummary { shows_passed: global.verbose > 0, ..DoctorSummary::default() };
    let result = run_checks(ui, flags, &mut summary);
    // Results that arrived before a signal are printed, too.
    summary.print_checks(ui)?;
    result?;
    if summary.failures > 0 && ui.json() {
        let message = t!("doctor-failures", failures = summary.failures, warnings = summary.warnings);
        return Err(CommandError { exit: ExitStatus::Config, message, hint: summary.skipped_checks() }.into());
    }
    summary.print(ui);
    Ok(if summary.failures > 0 { ExitStatus::Config } else { ExitStatus::Success })
}

fn run_checks(ui: &mut Ui, flags: CliOverrides, summary: &mut DoctorSummary) -> anyhow::Result<()> {
    let signals = SignalReceiver::new()?;
    let countdown = Countdown::new(ui, &t!("doctor-looking"), TOTAL_TIMEOUT);
    let tick = || countdown.tick();
    let started_at = Instant::now();
    let deadline =
        |total: Duration| CheckDeadline { until: started_at + total, total, signals: &signals.events, tick: &tick };
    let (app_sender, loaded) = bounded(1);
    let config = CheckGroup::start(config::CHECKS, move |sender| config::check(sender, &flags, &app_sender))?;
    summary.add_group(ui, config, &deadline(CONFIG_TIMEOUT))?;
    match loaded.try_recv() {
        Ok(app) => {
            let app = Arc::new(app);
            let (type_sender, account_type) = bounded(1);
            let DoctorGroups { basic, callback, push } = start_groups(&app, type_sender)?;
            for group in basic {
                summary.add_group(ui, group, &deadline(TOTAL_TIMEOUT))?;
            }
            // The checks of the account determine its type, on which the rules for redirect_uri
            // depend.
            let account_type = account_type.try_iter().last();
            summary.add(ui, callback::check_redirect_uri(&app, account_type))?;
            summary.add_group(ui, callback, &deadline(TOTAL_TIMEOUT))?;
            if let Some(push) = push {
                summary.add(ui, push::check_mode(&app, account_type))?;
                summary.add_group(ui, push, &deadline(TOTAL_TIMEOUT))?;
            }
        }
        Err(_) => summary.config_unreadable = true,
    }
    Ok(())
}

/// The running groups, in the order in which they are printed.
struct DoctorGroups {
    basic: Vec<CheckGroup>,
    callback: CheckGroup,
    /// `None` if no events are received.
    push: Option<CheckGroup>,
}

/// Starts all checks concurrently.
fn start_groups(app: &Arc<AppContext>, type_sender: Sender<AccountType>) -> io::Result<DoctorGroups> {
    let start = |names: &'static [CheckName], check: fn(&CheckSender, &AppContext) -> Result<(), Check>| {
        let app = Arc::clone(app);
        CheckGroup::start(names, move |sender| check(sender, &app))
    };
    let account_app = Arc::clone(app);
    let basic = vec![
        start(database::checks(app), database::check)?,
        start(network::DNS_CHECKS, network::check_dns)?,
        start(network::CONNECTIVITY_CHECKS, network::check_connectivity)?,
        CheckGroup::start(account::CHECKS, move |sender| account::check(sender, &account_app, &type_sender))?,
    ];
    // Both may listen on the same port, so one follows the other.
    let (callback_runs, callback_ended) = bounded::<()>(0);
    let callback_app = Arc::clone(app);
    let callback = CheckGroup::start(callback::CHECKS, move |sender| {
        let result = callback::check(sender, &callback_app);
        drop(callback_runs);
        result
    })?;
    let push_app = Arc::clone(app);
    let start_push = || CheckGroup::start(push::CHECKS, move |sender| push::check(sender, &push_app, &callback_ended));
    let push = app.config.has_push().then(start_push).transpose()?;
    Ok(DoctorGroups { basic, callback, push })
}

impl DoctorSummary {
    /// Counts a result. JSON is printed immediately; text is sorted first.
    fn add(&mut self, ui: &mut Ui, check: Check) -> anyhow::Result<()> {
        match check.status {
            Level::Ok => self.passed += 1,
            Level::Warning => self.warnings += 1,
            Level::Failure => self.failures += 1,
        }
        if ui.json() {
            return print_check(ui, &check);
        }
        self.checks.push(check);
        Ok(())
    }

    fn add_group(&mut self, ui: &mut Ui, group: CheckGroup, deadline: &CheckDeadline<'_>) -> anyhow::Result<()> {
        match group.collect(deadline, |check| self.add(ui, check))? {
            CollectResult::Completed(skipped) => self.skipped.extend(skipped),
            CollectResult::TimedOut => {}
            CollectResult::Interrupted(signal) => {
                return Err(
                    CommandError { exit: signal.exit_status(), message: t!("ui-interrupted"), hint: None }.into()
                );
            }
        }
        Ok(())
    }

    /// Prints the failures, then the warnings, then with `-v` the checks that passed.
    fn print_checks(&mut self, ui: &mut Ui) -> anyhow::Result<()> {
        let checks = std::mem::take(&mut self.checks);
        let levels = [Level::Failure, Level::Warning, Level::Ok];
        for level in levels.into_iter().filter(|level| self.shows_passed || *level != Level::Ok) {
            checks.iter().filter(|check| check.status == level).try_for_each(|check| print_check(ui, check))?;
        }
        Ok(())
    }

    /// Returns a sentence about the checks that were skipped, if there are any.
    fn skipped_checks(&self) -> Option<String> {
        if self.config_unreadable {
            return Some(t!("doctor-blind"));
        }
        let names = join_list(self.skipped.iter().map(|name| name.label()));
        (!self.skipped.is_empty()).then(|| t!("doctor-skipped", names = names))
    }

    fn print(&self, ui: &mut Ui) {
        if let Some(skipped) = self.skipped_checks() {
            ui.status(&skipped);
        }
        let problems = match (self.failures, self.warnings) {
            (0, 0) if self.shows_passed => return ui.status(&t!("doctor-checks-passed", count = self.passed)),
            (0, 0) => return ui.status(&t!("doctor-checks-passed-unlisted", count = self.passed)),
            (0, warnings) => t!("doctor-warnings", warnings = warnings),
            (failures, warnings) => t!("doctor-failures", failures = failures, warnings = warnings),
        };
        let passed = match self.shows_passed {
            _ if self.passed == 0 => None,
            true => Some(t!("doctor-passed", count = self.passed)),
            false => Some(t!("doctor-passed-unlisted", count = self.passed)),
        };
        ui.status(&join_clauses([problems].into_iter().chain(passed)));
    }
}

fn print_check(ui: &mut Ui, check: &Check) -> anyhow::Result<()> {
    ui.print_finding(check, check.status, &check.check.label(), &check.detail, check.fix.as_deref())
}
