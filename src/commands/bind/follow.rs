//! The check after a binding whether the person follows the account.
//!
//! WeChat delivers nothing to a person who does not follow the account. After a binding, wxbox asks
//! WeChat, and shows a QR code to follow the account on the phone and on the terminal. No failure
//! here affects the binding.

use crossbeam_channel::{Receiver, after, select};

use super::events::BindEvent;
use super::qr;
use super::session::BindContext;
use crate::binding::FOLLOW_LOOKUP_TIMEOUT;
use crate::callback::{CallbackEvent, FollowLookupResult};
use crate::report::classify;
use crate::signals::Signal;
use crate::store::User;
use crate::t;
use crate::ui::{self, StdinLines, Ui};
use crate::wechat::{self, errcode};

/// Reports whether the person follows the account, and shows the QR code to follow it if not. On a
/// terminal it then waits for Enter, before the authorize QR code of the `next` person appears.
/// Returns the signal that ended a wait.
pub(super) fn report_follow(
    ui: &mut Ui,
    context: &BindContext,
    user: &User,
    events: &Receiver<CallbackEvent>,
    next: Option<&str>,
    lines: &mut StdinLines,
) -> anyhow::Result<Option<Signal>> {
    let is_silent = ui.quiet() && !ui.json();
    // The phone's page reports it too. After a pasted address there is no page.
    if is_silent && context.args.paste {
        return Ok(None);
    }
    // Longer than the query can take, so that its own timeout is reported.
    let deadline = after(FOLLOW_LOOKUP_TIMEOUT * 2);
    let result = loop {
        select! {
            recv(events) -> event => match event {
                Ok(CallbackEvent::FollowChecked(result)) => break result,
                Ok(_) => {}
                Err(_) => return Ok(None),
            },
            recv(context.signals.events) -> signal => return Ok(Some(signal?)),
            recv(deadline) -> _ => return Ok(None),
        }
    };
    if is_silent {
        return Ok(None);
    }
    match result {
        FollowLookupResult::Following => {}
        FollowLookupResult::Unknown(error) => report_unknown(ui, user, &error),
        FollowLookupResult::NotFollowing(code) => {
            ui.warn(&t!("bind-follow-not", user = user.username));
            match code {
                Ok(code) => {
                    show_follow_qr(ui, context, user, &code.link)?;
                    return wait_for_enter(ui, context, next, lines);
                }
                Err(error) => {
                    log::info!("{}", t!("bind-follow-no-code", cause = classify(&error).message));
                    if ui.json() {
                        ui.print(&BindEvent::Follow { user: &user.username, url: None })?;
                    }
                    ui.status(&t!("bind-follow-search", user = user.username));
                }
            }
        }
    }
    Ok(None)
}

/// Reports that the check failed. An account that may not call the API gets the message only with
/// `-v`, because the operator cannot change it.
fn report_unknown(ui: &mut Ui, user: &User, error: &anyhow::Error) {
    let message = t!("bind-follow-unknown", user = user.username, cause = classify(error).message);
    let refusal = error.chain().find_map(|cause| cause.downcast_ref::<wechat::Error>()?.api_error());
    match refusal.map(|cause| errcode::action(cause.errcode)) {
        Some(errcode::Action::FailClass) => log::info!("{message}"),
        _ => ui.warn(&message),
    }
}

fn show_follow_qr(ui: &mut Ui, context: &BindContext, user: &User, link: &str) -> anyhow::Result<()> {
    ui.print_result(&BindEvent::Follow { user: &user.username, url: Some(link) })?;
    let drawn = qr::draw_qr(ui, link, context.args.qr);
    ui.status(&match drawn {
        true => t!("bind-follow-scan", user = user.username),
        false => t!("bind-follow-visit", user = user.username),
    });
    if !context.args.paste {
        ui.status(&t!("bind-follow-phone"));
    }
    Ok(())
}

/// Waits for Enter, because a phone could scan the wrong one of two QR codes on the screen.
fn wait_for_enter(
    ui: &mut Ui,
    context: &BindContext,
    next: Option<&str>,
    lines: &mut StdinLines,
) -> anyhow::Result<Option<Signal>> {
    let Some(next) = next.filter(|_| ui.can_prompt && ui.err_terminal) else { return Ok(None) };
    ui::flush_input();
    ui.prompt_line(&t!("bind-follow-pause", user = next));
    let signal = select! {
        recv(lines.receiver()?) -> _ => return Ok(None),
        recv(context.signals.events) -> signal => Some(signal?),
        recv(after(context.timeout())) -> _ => None,
    };
    ui.write_stderr("\n");
    Ok(signal)
}
