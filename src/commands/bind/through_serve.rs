//! Binds a person whose phone a running `serve` answers.

use std::sync::Arc;

use crossbeam_channel::{Receiver, bounded, never};

use super::pending::WaitingBinding;
use super::qr;
use super::session::{BindContext, BindOutcome};
use crate::binding::follow_lookup;
use crate::callback::{BoundUser, CallbackEvent};
use crate::store::{BindingProof, User};
use crate::ui::Ui;

/// Waits for one person. The events say whether a bound person follows the account.
pub(super) fn wait_for(
    ui: &mut Ui,
    context: &BindContext,
    user: &User,
) -> anyhow::Result<(BindOutcome, Option<Receiver<CallbackEvent>>)> {
    let (state, url) = context.new_authorize_url(user)?;
    let short = qr::choose_short_link(ui, context, &url, None)?;
    let proof = BindingProof::OAuth {
        state: state.as_str().to_owned(),
        link: short.as_ref().map(|short| short.link().as_str().to_owned()),
        authorize_url: url.clone(),
    };
    let waiting = WaitingBinding::start(context, user, proof)?;
    qr::show_authorize_url(ui, context, &user.username, &url, short.as_ref())?;
    let outcome = waiting.wait(ui)?;
    let events = match &outcome {
        BindOutcome::Bound(bound, None) => Some(look_up_follow(context, user, bound)?),
        _ => None,
    };
    Ok((outcome, events))
}

/// Asks WeChat whether the person follows the account, as the phone's page does.
fn look_up_follow(context: &BindContext, user: &User, bound: &BoundUser) -> anyhow::Result<Receiver<CallbackEvent>> {
    let database = context.app.config.database.value.clone();
    let lookup = follow_lookup(Arc::clone(&context.exchange), database, user.uid.clone());
    let (sender, events) = bounded(1);
    let openid = bound.identity.openid.clone();
    std::thread::Builder::new().name("follow".into()).spawn(move || {
        // The command may have ended.
        let _ = sender.send(CallbackEvent::FollowChecked(lookup(&openid, &never())));
    })?;
    Ok(events)
}
