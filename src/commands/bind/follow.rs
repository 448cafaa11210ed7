//! The second step: who does not follow the account gets no message, so after a binding WeChat is asked, and shows by
//! which code they can come to follow. Whatever goes wrong here, the binding stands.

use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, after, select, unbounded};

use super::code;
use super::shown::Shown;
use super::turns::Job;
use crate::error::classify;
use crate::signals::Signal;
use crate::store::User;
use crate::t;
use crate::token::Session;
use crate::ui::{self, Lines, Ui};
use crate::wechat::{self, errcode};

/// How long WeChat may take for all of it.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the code can be scanned; whoever is away may get it sent.
const LIFE: Duration = Duration::from_secs(24 * 3600);

/// What WeChat says, one after the other.
enum Said {
    Follows,
    FollowsNot,
    /// Where the person can follow.
    Link(String),
    Trouble(anyhow::Error),
}

/// Looks whether the person follows, and shows the way where they do not. On a terminal it waits then, before the code
/// of the `next` person stands beside this one. The signal that ended it, if one did.
pub(super) fn step(
    ui: &mut Ui,
    job: &Job,
    user: &User,
    openid: &str,
    next: Option<&str>,
    lines: &mut Lines,
) -> anyhow::Result<Option<Signal>> {
    // Nobody would hear of it.
    if ui.quiet() && !ui.json() {
        return Ok(None);
    }
    let said = match asked(job, user, openid) {
        Ok(said) => said,
        Err(error) => {
            ui.warn(&t!("bind-follow-unknown", user = user.username, cause = classify(&error).what));
            return Ok(None);
        }
    };
    let end = after(PATIENCE);
    let mut follows = None;
    loop {
        let said = select! {
            // Nothing comes behind the last.
            recv(said) -> said => said.ok(),
            recv(job.signals.events) -> signal => return Ok(Some(signal?)),
            recv(end) -> _ => Some(Said::Trouble(anyhow::anyhow!(t!("wechat-timed-out")))),
        };
        match said {
            Some(Said::FollowsNot) => {
                ui.warn(&t!("bind-follow-not", user = user.username));
                follows = Some(false);
            }
            Some(Said::Link(link)) => {
                show(ui, job, user, &link)?;
                return pause(ui, job, next, lines);
            }
            Some(Said::Trouble(error)) if follows == Some(false) => {
                log::info!("{}", t!("bind-follow-no-code", cause = classify(&error).what));
                if ui.json() {
                    ui.data(&Shown::Follow { user: &user.username, url: None })?;
                }
                ui.status(&t!("bind-follow-otherwise", user = user.username));
                return Ok(None);
            }
            Some(Said::Trouble(error)) => {
                unknown(ui, user, &error);
                return Ok(None);
            }
            Some(Said::Follows) | None => return Ok(None),
        }
    }
}

/// Asks on a thread of its own, so that a signal need not wait for WeChat.
fn asked(job: &Job, user: &User, openid: &str) -> anyhow::Result<Receiver<Said>> {
    let (client, account) = (job.exchange.client.clone(), job.exchange.account.clone());
    let mut session = Session { store: job.app.store()?, client, account };
    let (openid, scene) = (openid.to_owned(), user.uid.clone());
    let (tell, said) = unbounded();
    std::thread::Builder::new().name("follow".into()).spawn(move || {
        if let Err(error) = ask(&mut session, &openid, &scene, &tell) {
            // Nobody listens any more where it took too long.
            let _ = tell.send(Said::Trouble(error));
        }
    })?;
    Ok(said)
}

fn ask(session: &mut Session, openid: &str, scene: &str, tell: &Sender<Said>) -> anyhow::Result<()> {
    let follower = session.call(|client, token| client.follower(token, openid))??;
    if follower.subscribe {
        tell.send(Said::Follows)?;
        return Ok(());
    }
    tell.send(Said::FollowsNot)?;
    let link = session.call(|client, token| client.follow_link(token, scene, LIFE))??;
    tell.send(Said::Link(link))?;
    Ok(())
}

/// An account that may not ask is told so at `-v` alone: nothing can be done about it each time.
fn unknown(ui: &mut Ui, user: &User, error: &anyhow::Error) {
    let what = t!("bind-follow-unknown", user = user.username, cause = classify(error).what);
    let refusal = error.chain().find_map(|it| it.downcast_ref::<wechat::Error>()?.refusal());
    match refusal.map(|it| errcode::action(it.errcode)) {
        Some(errcode::Action::StopKind) => log::info!("{what}"),
        _ => ui.warn(&what),
    }
}

fn show(ui: &mut Ui, job: &Job, user: &User, link: &str) -> anyhow::Result<()> {
    ui.done(&Shown::Follow { user: &user.username, url: Some(link) })?;
    let drawn = code::draw(ui, link, job.args.qr);
    ui.status(&match drawn {
        true => t!("bind-follow-scan", user = user.username),
        false => t!("bind-follow-visit", user = user.username),
    });
    Ok(())
}

/// Two codes at a time on a screen, and a phone may scan the wrong one.
fn pause(ui: &mut Ui, job: &Job, next: Option<&str>, lines: &mut Lines) -> anyhow::Result<Option<Signal>> {
    let Some(next) = next.filter(|_| ui.in_terminal && ui.err_terminal) else { return Ok(None) };
    ui::forget_typed();
    ui.question(&t!("bind-follow-pause", user = next));
    let stopped = select! {
        recv(lines.arriving()?) -> _ => return Ok(None),
        recv(job.signals.events) -> signal => Some(signal?),
        recv(after(job.timeout())) -> _ => None,
    };
    ui.raw_err("\n");
    Ok(stopped)
}
