//! Waits for a binding that another process, or another part of this one, completes in the
//! database.

use std::time::Duration;

use crossbeam_channel::{after, select, tick};

use super::session::{BindContext, BindOutcome};
use crate::callback::{BoundUser, OAuthIdentity};
use crate::clock::Timestamp;
use crate::exit::{CommandError, ExitStatus};
use crate::store::{self, BindingProof, NewPendingBinding, PendingBindingOutcome, User};
use crate::t;
use crate::ui::{Countdown, Ui};

/// How often the database is read. One read takes about 20 µs.
const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// A binding that waits in the database. It is removed when it is dropped, so that no phone can
/// complete it afterwards.
pub(super) struct WaitingBinding<'c> {
    context: &'c BindContext,
    user: &'c User,
    id: i64,
    is_removed: bool,
}

impl<'c> WaitingBinding<'c> {
    /// Records the binding. From then on a phone can complete it.
    pub(super) fn start(context: &'c BindContext, user: &'c User, proof: BindingProof) -> anyhow::Result<Self> {
        let now = Timestamp::now();
        let new = NewPendingBinding {
            user_id: user.id,
            proof,
            replace: context.args.rebind,
            expires_at: now.plus(context.timeout()),
            app_id: &context.app_id,
        };
        let id = context.lock_store().add_pending_binding(&new, now)?;
        Ok(Self { context, user, id, is_removed: false })
    }

    /// Waits until the binding is complete, the time is up, or a signal arrives.
    pub(super) fn wait(mut self, ui: &mut Ui) -> anyhow::Result<BindOutcome> {
        let context = self.context;
        let countdown = Countdown::new(ui, &t!("bind-waiting"), context.timeout());
        let (every_second, poll, deadline) =
            (tick(Duration::from_secs(1)), tick(POLL_INTERVAL), after(context.timeout()));
        let ended = loop {
            select! {
                recv(poll) -> _ => {
                    let outcome = context.lock_store().pending_binding_outcome(self.id)?;
                    if let Some(outcome) = self.to_bind_outcome(outcome) {
                        self.remove()?;
                        return Ok(outcome);
                    }
                },
                recv(every_second) -> _ => countdown.tick(),
                recv(context.signals.events) -> signal => break BindOutcome::Stopped(signal?),
                recv(deadline) -> _ => break BindOutcome::TimedOut(None),
            }
        };
        // A binding that was saved at the last moment counts.
        let last = self.remove()?;
        Ok(match (self.to_bind_outcome(last), ended) {
            (Some(BindOutcome::Bound(bound, _)), BindOutcome::Stopped(signal)) => {
                BindOutcome::Bound(bound, Some(signal))
            }
            (Some(outcome @ BindOutcome::Bound(..)), _) => outcome,
            (_, ended) => ended,
        })
    }

    fn remove(&mut self) -> anyhow::Result<PendingBindingOutcome> {
        self.is_removed = true;
        Ok(self.context.lock_store().remove_pending_binding(self.id)?)
    }

    fn to_bind_outcome(&self, outcome: PendingBindingOutcome) -> Option<BindOutcome> {
        let failed =
            |error: CommandError, only_this_user| Some(BindOutcome::Failed { error: error.into(), only_this_user });
        let user = &self.user.username;
        match outcome {
            PendingBindingOutcome::Pending => None,
            PendingBindingOutcome::Bound { username, openid, nickname } => {
                let identity = OAuthIdentity { openid, nickname, snapshot: false };
                Some(BindOutcome::Bound(BoundUser { username, identity }, None))
            }
            PendingBindingOutcome::AlreadyBound => failed(
                CommandError::not_found(t!("bind-bound-elsewhere", user = user)).hint(t!("bind-already-hint")),
                true,
            ),
            PendingBindingOutcome::Removed => Some(BindOutcome::Failed {
                error: store::Error::UserRemoved { name: user.clone() }.into(),
                only_this_user: true,
            }),
            PendingBindingOutcome::Failed(_) => failed(
                CommandError {
                    exit: ExitStatus::Config,
                    message: t!("bind-serve-failed", user = user),
                    hint: Some(t!("bind-serve-failed-hint")),
                },
                false,
            ),
        }
    }
}

impl Drop for WaitingBinding<'_> {
    fn drop(&mut self) {
        if !self.is_removed
            && let Err(error) = self.remove()
        {
            log::info!("{error}");
        }
    }
}
