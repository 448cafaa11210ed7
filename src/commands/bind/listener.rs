//! The listener: takes the port once, and waits for the phone of one person after the other.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use crossbeam_channel::{Receiver, after, select, tick};

use super::refusals::{Said, summary};
use super::turns::{Ended, GRACE, Job, Turn};
use super::{code, papers, port};
use crate::app::App;
use crate::callback::{Callback, Event, Site};
use crate::config::ListenAddress;
use crate::error::classify;
use crate::http::{Limits, Refusals, Running};
use crate::signals::Watch;
use crate::t;
use crate::ui::{Ui, Waiting};

/// Phones call back twice; the second call finds the listener still there.
const LINGER: Duration = Duration::from_secs(2);

/// The same after a signal, with time left to answer the phone: a command ends two seconds after it.
const HASTE: Duration = Duration::from_secs(1);

/// Where to listen, and what to show there.
pub(super) struct Place {
    listen: ListenAddress,
    papers: papers::Papers,
}

impl Place {
    /// As the config says; nothing is taken yet.
    pub(super) fn find(ui: &mut Ui, app: &App) -> anyhow::Result<Self> {
        let listen = app.config.listen_address()?;
        let papers = papers::read(&app.config)?;
        if let Some(key) = papers::open_key(&app.config) {
            let (what, hint) = (t!("config-readable", path = key), t!("config-readable-hint", path = key));
            ui.warn(&t!("ui-cause", what = what, cause = hint));
        }
        for (what, hint) in &papers.warnings {
            ui.warn(&t!("ui-cause", what = what, cause = hint));
        }
        Ok(Self { listen, papers })
    }
}

/// The port with all that is answered there.
pub(super) struct Listener {
    site: Arc<Site>,
    running: Option<Running>,
    refusals: Refusals,
    is_https: bool,
}

impl Listener {
    /// Takes the port.
    pub(super) fn open(place: Place, job: &Job) -> anyhow::Result<Self> {
        let papers = place.papers;
        let door = port::take(&place.listen, &Limits::callback(), &t!("bind-port-hint"))?;
        let site = Arc::new(Site::new(job.redirect.path(), papers.proof));
        let is_https = papers.tls.is_some();
        let answers = Arc::clone(&site);
        let door = door.speaking(papers.tls);
        let running = door.open(move |request| answers.answer(&request)).context(t!("bind-open"))?;
        let refusals = running.refusals().clone();
        Ok(Self { site, running: Some(running), refusals, is_https })
    }

    /// Waits for one person; after the `last`, the port is closed unless they are bound.
    pub(super) fn one(&mut self, ui: &mut Ui, job: &Job, turn: Turn, last: bool) -> anyhow::Result<Ended> {
        let Turn { user, url, mut callback, events } = turn;
        let own = self.running.as_ref().map(Running::local_addr);
        // Those of earlier turns are told.
        self.refusals.take();
        let short = match own {
            Some(own) => code::short(ui, job, &url, own, self.is_https)?,
            None => None,
        };
        if let Some(short) = &short {
            callback = callback.with_short_link(short.link().clone());
        }
        let callback = Arc::new(callback);
        self.site.begin(Arc::clone(&callback));
        code::show(ui, job, &user.username, &url, short.as_ref())?;
        let mut ended = wait(ui, job.timeout(), &events, &self.refusals, &job.signals)?;
        if matches!(ended, Ended::TimedOut(_) | Ended::Stopped(_)) {
            ended = last_moment(ended, &callback, &events, &job.signals)?;
        }
        if matches!(ended, Ended::Bound(..) | Ended::Failed { .. }) {
            return Ok(ended);
        }
        callback.close();
        let mut ended =
            ended.unless(events.try_iter().find(|event| matches!(event, Event::Bound(_) | Event::Failed(_))));
        if last || matches!(ended, Ended::Stopped(_) | Ended::Bound(_, Some(_))) {
            self.close();
        }
        if let Ended::TimedOut(refused) = &mut ended {
            *refused = summary(&callback, &self.refusals);
        }
        Ok(ended)
    }

    /// Closes the port. The phone of a call under way gets its page first, and waits for nothing else.
    fn close(&mut self) {
        self.site.close();
        self.running = None;
    }

    /// The second call of the last phone, which was bound so long ago, is answered, too; a signal ends the wait for it.
    pub(super) fn leave(self, ago: Duration, signals: &Watch) {
        let left = LINGER.saturating_sub(ago);
        if self.running.is_some() && !left.is_zero() {
            select! {
                recv(signals.events) -> _ => {}
                recv(after(left)) -> _ => {}
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.close();
    }
}

fn wait(
    ui: &mut Ui,
    timeout: Duration,
    events: &Receiver<Event>,
    refusals: &Refusals,
    signals: &Watch,
) -> anyhow::Result<Ended> {
    let waiting = Waiting::begin(ui, &t!("bind-waiting"), timeout);
    let (second, end) = (tick(Duration::from_secs(1)), after(timeout));
    let mut said = Said::default();
    loop {
        select! {
            recv(events) -> event => match event? {
                Event::Opened => said.note(ui, &t!("bind-opened")),
                Event::TurnedAway(why) => said.turned_away(ui, why),
                Event::Unreachable(error) => ui.warn(&t!("bind-unreachable", cause = classify(&error).what)),
                Event::Failed(error) => return Ended::broken(error, signals),
                Event::Bound(bound) => return Ok(Ended::Bound(bound, None)),
                Event::Follow(_) => {}
            },
            recv(refusals.events()) -> why => said.refused(ui, why?),
            recv(second) -> _ => waiting.tick(),
            recv(signals.events) -> signal => return Ok(Ended::Stopped(signal?)),
            recv(end) -> _ => return Ok(Ended::TimedOut(None)),
        }
    }
}

/// Waits for a code that is with WeChat when the time is up or a signal has come.
fn last_moment(ended: Ended, callback: &Callback, events: &Receiver<Event>, signals: &Watch) -> anyhow::Result<Ended> {
    let end = after(if matches!(ended, Ended::Stopped(_)) { HASTE } else { GRACE });
    while callback.is_busy() {
        select! {
            recv(events) -> event => match event? {
                event @ (Event::Bound(_) | Event::Failed(_)) => return Ok(ended.unless(Some(event))),
                Event::Opened | Event::TurnedAway(_) | Event::Unreachable(_) | Event::Follow(_) => {}
            },
            recv(signals.events) -> signal => return Ok(Ended::Stopped(signal?)),
            recv(end) -> _ => break,
        }
    }
    Ok(ended)
}
