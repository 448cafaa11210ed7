//! The next step: who does not follow the account gets no message, so after a binding WeChat is asked, and shows by
//! which code they can come to follow: on the phone and here. Whatever goes wrong in this, the binding stands.

use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, after, select, unbounded};

use super::code;
use super::shown::Shown;
use super::turns::Job;
use crate::callback::{Event, Follow, FollowCode, LookUp};
use crate::error::classify;
use crate::signals::Signal;
use crate::store::{Store, User};
use crate::t;
use crate::token::Session;
use crate::ui::{self, Lines, Ui};
use crate::wechat::{self, errcode};

/// How long WeChat may take for all of it.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the code can be scanned; whoever is away may get it sent.
const LIFE: Duration = Duration::from_secs(24 * 3600);

/// Asks WeChat about whom `user` stands for, on a thread of its own: neither a phone nor a signal waits longer than it
/// should.
pub(super) fn look_up(job: &Job, user: &User) -> LookUp {
    let (client, account) = (job.exchange.client.clone(), job.exchange.account.clone());
    let (database, scene) = (job.app.config.database.value.clone(), user.uid.clone());
    Box::new(move |openid, hurry| {
        let late = || anyhow::anyhow!(t!("wechat-timed-out"));
        let (tell, said) = unbounded();
        let (client, account) = (client.clone(), account.clone());
        let (database, openid, scene) = (database.clone(), openid.to_owned(), scene.clone());
        let asking = std::thread::Builder::new().name("follow".into()).spawn(move || {
            let store = Store::open(&database);
            // Nobody listens any more where it took too long.
            let _ = match store {
                Ok(store) => ask(&mut Session { store, client, account }, &openid, &scene, &tell),
                Err(error) => tell.send(Follow::Unknown(error.into())).map_err(Into::into),
            };
        });
        if let Err(error) = asking {
            return Follow::Unknown(error.into());
        }
        // What is said last is known best; the thread ends with it.
        let end = after(PATIENCE);
        let mut known = Follow::Unknown(late());
        loop {
            select! {
                recv(said) -> follow => match follow {
                    Ok(follow) => known = follow,
                    Err(_) => return known,
                },
                recv(hurry) -> _ => return known,
                recv(end) -> _ => return known,
            }
        }
    })
}

/// Tells what is known; what comes later is known better.
fn ask(session: &mut Session, openid: &str, scene: &str, tell: &Sender<Follow>) -> anyhow::Result<()> {
    match follows(session, openid) {
        Ok(true) => tell.send(Follow::Yes)?,
        Ok(false) => {
            tell.send(Follow::No(Err(anyhow::anyhow!(t!("wechat-timed-out")))))?;
            tell.send(Follow::No(follow_code(session, scene)))?;
        }
        Err(error) => tell.send(Follow::Unknown(error))?,
    }
    Ok(())
}

fn follows(session: &mut Session, openid: &str) -> anyhow::Result<bool> {
    let follows = session.call(|client, token| client.follower(token, openid))??.subscribe;
    // The database is only to know it as well.
    if let Err(error) = session.store.note_following(&session.account.app_id, openid, follows) {
        log::info!("{error}");
    }
    Ok(follows)
}

fn follow_code(session: &mut Session, scene: &str) -> anyhow::Result<FollowCode> {
    let link = session.call(|client, token| client.follow_link(token, scene, LIFE))??;
    Ok(FollowCode { picture: ui::qr_picture(&link)?, link })
}

/// Says whether the person follows, and shows the way where they do not. On a terminal it waits then, before the code
/// of the `next` person stands beside this one. The signal that ended it, if one did.
pub(super) fn step(
    ui: &mut Ui,
    job: &Job,
    user: &User,
    events: &Receiver<Event>,
    next: Option<&str>,
    lines: &mut Lines,
) -> anyhow::Result<Option<Signal>> {
    let is_unheard = ui.quiet() && !ui.json();
    // The phone's page says it, too; an address that was pasted has none.
    if is_unheard && job.args.paste {
        return Ok(None);
    }
    // Longer than it can take, so that its own word is heard.
    let end = after(PATIENCE * 2);
    let follow = loop {
        select! {
            recv(events) -> event => match event {
                Ok(Event::Follow(follow)) => break follow,
                Ok(_) => {}
                Err(_) => return Ok(None),
            },
            recv(job.signals.events) -> signal => return Ok(Some(signal?)),
            recv(end) -> _ => return Ok(None),
        }
    };
    if is_unheard {
        return Ok(None);
    }
    match follow {
        Follow::Yes => {}
        Follow::Unknown(error) => unknown(ui, user, &error),
        Follow::No(code) => {
            ui.warn(&t!("bind-follow-not", user = user.username));
            match code {
                Ok(code) => {
                    show(ui, job, user, &code.link)?;
                    return pause(ui, job, next, lines);
                }
                Err(error) => {
                    log::info!("{}", t!("bind-follow-no-code", cause = classify(&error).what));
                    if ui.json() {
                        ui.data(&Shown::Follow { user: &user.username, url: None })?;
                    }
                    ui.status(&t!("bind-follow-otherwise", user = user.username));
                }
            }
        }
    }
    Ok(None)
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
    if !job.args.paste {
        ui.status(&t!("bind-follow-phone"));
    }
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
