//! Builds the updates that are stored for a message. Used by both the run state and the results,
//! and independent of them.

use super::DeliveryError;
use super::retry::{Decision, GiveUpReason, PostponeReason};
use crate::store::{ClaimedMessage, Message, MessageUpdate, ResponseInfo, StoredError};
use crate::wechat;
use crate::wechat::message::Content;

/// The message type of a fallback.
pub(super) const TEMPLATE_KIND: &str = "template";

/// Returns the update for a decision, without a response.
pub(super) fn update_from_decision(decision: &Decision) -> MessageUpdate {
    MessageUpdate {
        attempt: None,
        state: decision.state,
        due_at: decision.due_at,
        response: ResponseInfo::default(),
        retry_state: decision.retry_state.clone(),
        switch_to_fallback: None,
    }
}

/// Returns the response info for an error, or the default for a success.
pub(super) fn response_from_error(error: Option<&wechat::Error>) -> ResponseInfo {
    let refusal = error.and_then(wechat::Error::api_error);
    ResponseInfo {
        errcode: refusal.map(|refusal| refusal.errcode),
        errmsg: refusal.map(|refusal| refusal.errmsg.clone()),
        rid: refusal.and_then(|refusal| refusal.rid.clone()),
        error: error.map(|error| DeliveryError::from(error).into()),
        ..ResponseInfo::default()
    }
}

/// Returns the update for a message that is settled without another attempt; its last error stays.
pub(super) fn update_without_attempt(claimed: &ClaimedMessage, decision: &Decision) -> MessageUpdate {
    // A part that only waited for another one has no response.
    let last_error = claimed
        .message
        .error
        .clone()
        .filter(|_| claimed.message.attempts > 0 || claimed.message.previous_part_id.is_none());
    if let Some(postpone_reason) = decision.postpone_reason {
        let reason = match (postpone_reason, claimed.message.previous_part_id) {
            (PostponeReason::PreviousPartUnsent, Some(id)) => DeliveryError::WaitsForPart { id },
            _ => DeliveryError::ExpiryUnconfirmed,
        };
        return update_keeping_response(claimed, decision, Some(reason.into()));
    }
    let error = if decision.give_up_reason == Some(GiveUpReason::Expired) {
        let last_error = last_error.map(|error| Box::new(DeliveryError::from(&error)));
        Some(DeliveryError::Expired { last_error }.into())
    } else {
        last_error
    };
    update_keeping_response(claimed, decision, error)
}

/// Returns the update for a message that is settled without another attempt, for this reason;
/// WeChat's last response stays.
pub(super) fn update_keeping_response(
    claimed: &ClaimedMessage,
    decision: &Decision,
    error: Option<StoredError>,
) -> MessageUpdate {
    let Message { errcode, errmsg, rid, .. } = &claimed.message;
    let (errcode, errmsg, rid) = (*errcode, errmsg.clone(), rid.clone());
    MessageUpdate {
        response: ResponseInfo { errcode, errmsg, rid, error, ..ResponseInfo::default() },
        ..update_from_decision(decision)
    }
}

/// Adds the decision to an error where the error does not imply it. The time of the next attempt is
/// not part of it: it is printed with the message, in the time zone of the reader.
pub(super) fn explain_error(error: StoredError, decision: &Decision, attempts: i64) -> StoredError {
    match decision.give_up_reason {
        Some(GiveUpReason::MaxAttempts) => {
            DeliveryError::MaxAttempts { attempts, error: Box::new((&error).into()) }.into()
        }
        _ => error,
    }
}

/// Returns the class of a message, which a refusal can suspend: the message type, or for a message
/// with a template the type and the template's ID.
pub(super) fn message_class(content: &Content) -> String {
    match content.template_id() {
        None => content.kind().to_owned(),
        Some(template_id) => format!("{} {template_id}", content.kind()),
    }
}
