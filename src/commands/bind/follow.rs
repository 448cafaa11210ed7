//! The next step: who does not follow the account gets no message, so after a binding WeChat is asked, and shows by
//! which code they can come to follow: on the phone and here. Whatever goes wrong in this, the binding stands.

use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, after, select, unbounded};

use super::events::BindEvent;
use super::qr;
use super::session::BindContext;
use crate::access_token::ApiSession;
use crate::callback::{CallbackEvent, FollowLookupFn, FollowLookupResult, FollowQrCode};
use crate::report::classify;
use crate::signals::Signal;
use crate::store::{Store, User};
use crate::t;
use crate::ui::{self, StdinLines, Ui};
use crate::wechat::{self, errcode};

/// How long WeChat may take for all of it.
const QUERY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the code can be scanned; whoever is away may get it sent.
const QR_LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// Asks WeChat about whom `user` stands for, on a thread of its own: neither a phone nor a signal waits longer than it
/// should.
pub(super) fn follow_query_fn(job: &BindContext, user: &User) -> FollowLookupFn {
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
                Ok(store) => query(&mut ApiSession { store, client, account }, &openid, &scene, &tell),
                Err(error) => tell.send(FollowLookupResult::Unknown(error.into())).map_err(Into::into),
            };
        });
        if let Err(error) = asking {
            return FollowLookupResult::Unknown(error.into());
        }
        // What is said last is known best; the thread ends with it.
        let end = after(QUERY_TIMEOUT);
        let mut known = FollowLookupResult::Unknown(late());
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
fn query(
    session: &mut ApiSession,
    openid: &str,
    scene: &str,
    sender: &Sender<FollowLookupResult>,
) -> anyhow::Result<()> {
    match query_follows(session, openid) {
        Ok(true) => sender.send(FollowLookupResult::Following)?,
        Ok(false) => {
            sender.send(FollowLookupResult::NotFollowing(Err(anyhow::anyhow!(t!("wechat-timed-out")))))?;
            sender.send(FollowLookupResult::NotFollowing(create_follow_code(session, scene)))?;
        }
        Err(error) => sender.send(FollowLookupResult::Unknown(error))?,
    }
    Ok(())
}

fn query_follows(session: &mut ApiSession, openid: &str) -> anyhow::Result<bool> {
    let follows = session.call(|client, token| client.follower(token, openid))??.subscribe;
    // The database is only to know it as well.
    if let Err(error) = session.store.set_follows(&session.account.app_id, openid, follows) {
        log::info!("{error}");
    }
    Ok(follows)
}

fn create_follow_code(session: &mut ApiSession, scene: &str) -> anyhow::Result<FollowQrCode> {
    let link = session.call(|client, token| client.create_follow_qr(token, scene, QR_LIFETIME))??;
    Ok(FollowQrCode { png: ui::encode_qr_png(&link)?, link })
}

/// Says whether the person follows, and shows the way where they do not. On a terminal it waits then, before the code
/// of the `next` person stands beside this one. The signal that ended it, if one did.
pub(super) fn report_follow(
    ui: &mut Ui,
    job: &BindContext,
    user: &User,
    events: &Receiver<CallbackEvent>,
    next: Option<&str>,
    lines: &mut StdinLines,
) -> anyhow::Result<Option<Signal>> {
    let is_silent = ui.quiet() && !ui.json();
    // The phone's page says it, too; an address that was pasted has none.
    if is_silent && job.args.paste {
        return Ok(None);
    }
    // Longer than it can take, so that its own word is heard.
    let end = after(QUERY_TIMEOUT * 2);
    let follow = loop {
        select! {
            recv(events) -> event => match event {
                Ok(CallbackEvent::FollowChecked(follow)) => break follow,
                Ok(_) => {}
                Err(_) => return Ok(None),
            },
            recv(job.signals.events) -> signal => return Ok(Some(signal?)),
            recv(end) -> _ => return Ok(None),
        }
    };
    if is_silent {
        return Ok(None);
    }
    match follow {
        FollowLookupResult::Following => {}
        FollowLookupResult::Unknown(error) => report_unknown(ui, user, &error),
        FollowLookupResult::NotFollowing(code) => {
            ui.warn(&t!("bind-follow-not", user = user.username));
            match code {
                Ok(code) => {
                    show_follow_qr(ui, job, user, &code.link)?;
                    return wait_for_enter(ui, job, next, lines);
                }
                Err(error) => {
                    log::info!("{}", t!("bind-follow-no-code", cause = classify(&error).message));
                    if ui.json() {
                        ui.print(&BindEvent::Follow { user: &user.username, url: None })?;
                    }
                    ui.status(&t!("bind-follow-otherwise", user = user.username));
                }
            }
        }
    }
    Ok(None)
}

/// An account that may not ask is told so at `-v` alone: nothing can be done about it each time.
fn report_unknown(ui: &mut Ui, user: &User, error: &anyhow::Error) {
    let what = t!("bind-follow-unknown", user = user.username, cause = classify(error).message);
    let refusal = error.chain().find_map(|it| it.downcast_ref::<wechat::Error>()?.api_error());
    match refusal.map(|it| errcode::action(it.errcode)) {
        Some(errcode::Action::StopKind) => log::info!("{what}"),
        _ => ui.warn(&what),
    }
}

fn show_follow_qr(ui: &mut Ui, job: &BindContext, user: &User, link: &str) -> anyhow::Result<()> {
    ui.print_result(&BindEvent::Follow { user: &user.username, url: Some(link) })?;
    let drawn = qr::draw_qr(ui, link, job.args.qr);
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
fn wait_for_enter(
    ui: &mut Ui,
    job: &BindContext,
    next: Option<&str>,
    lines: &mut StdinLines,
) -> anyhow::Result<Option<Signal>> {
    let Some(next) = next.filter(|_| ui.can_prompt && ui.err_terminal) else { return Ok(None) };
    ui::flush_input();
    ui.prompt_line(&t!("bind-follow-pause", user = next));
    let stopped = select! {
        recv(lines.receiver()?) -> _ => return Ok(None),
        recv(job.signals.events) -> signal => Some(signal?),
        recv(after(job.timeout())) -> _ => None,
    };
    ui.write_stderr("\n");
    Ok(stopped)
}
