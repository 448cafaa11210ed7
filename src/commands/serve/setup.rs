//! Builds the parts of the service from the configuration.

use std::sync::Arc;

use super::notice::{Notice, NoticeSender};
use crate::callback::{BoundUser, DomainVerificationFile};
use crate::clock::Timestamp;
use crate::commands::delivery::delivery_options;
use crate::context::AppContext;
use crate::delivery::{DeliveryEvent, DeliveryServiceSettings};
use crate::push_listener;
use crate::serve::{DatabaseStatus, Metrics, PhoneBindings, ServeEvent, ServeEventKind, ServeRouter};
use crate::wechat::message::api_for_kind;

/// Returns the settings of the next delivery run.
pub(super) fn delivery_settings(app: &AppContext) -> anyhow::Result<DeliveryServiceSettings> {
    Ok(DeliveryServiceSettings { client: app.new_client()?, options: delivery_options(app)? })
}

/// Returns the router of all requests.
pub(super) fn router(
    app: &AppContext,
    verification_file: Option<DomainVerificationFile>,
    settings: &DeliveryServiceSettings,
    metrics: &Arc<Metrics>,
    notices: &NoticeSender,
) -> anyhow::Result<ServeRouter> {
    let config = &app.config;
    let database = config.database.value.clone();
    let app_id = settings.options.account.app_id.clone();
    let report = {
        let (metrics, notices) = (Arc::clone(metrics), notices.clone());
        move |event: ServeEvent| {
            metrics.count_event(event.kind.name());
            if let ServeEventKind::Receipt { receipt, .. } = &event.kind {
                metrics.count_receipt(receipt.as_str());
            }
            notices.send(Notice::Event(event));
        }
    };
    let (recorder, push) = if config.has_push() {
        let warnings = notices.clone();
        let on_warning = move |text| warnings.send(Notice::Warning(text));
        let settings = app.push_settings()?;
        let (recorder, endpoint) = push_listener::endpoint(config, settings, &app_id, report.clone(), on_warning)?;
        let rejection_metrics = Arc::clone(metrics);
        let endpoint =
            endpoint.with_rejection_observer(move |error| rejection_metrics.count_rejected_push(error.as_str()));
        (Some(recorder), Some((config.push.path.value.clone(), endpoint)))
    } else {
        (None, None)
    };
    let phones = match &config.redirect_uri {
        None => None,
        Some(redirect) => {
            let on_bound = move |BoundUser { username, identity }: BoundUser| {
                let kind = ServeEventKind::Bound { user: username, openid: identity.openid };
                report(ServeEvent { kind, at: Timestamp::now() });
            };
            let session = (settings.client.clone(), settings.options.account.clone());
            let redirect = redirect.value.clone();
            Some(PhoneBindings::new(redirect, verification_file, session, database.clone(), on_bound)?)
        }
    };
    let prefix = config.public_path_prefix();
    let database = DatabaseStatus::open(&database)?;
    Ok(ServeRouter { prefix, push, phones, recorder, app_id, database, metrics: Arc::clone(metrics) })
}

/// Counts the attempt that an event of a run reports.
pub(super) fn count_delivery_event(metrics: &Metrics, event: &DeliveryEvent) {
    if let DeliveryEvent::AttemptEnded { kind, outcome } = event {
        metrics.count_attempt(api_for_kind(kind), outcome.as_str());
    }
}
