//! Makes the parts of the service from the configuration.

use std::sync::Arc;

use super::notice::{Notice, NoticeSender};
use crate::callback::{BoundUser, DomainVerificationFile};
use crate::clock::Timestamp;
use crate::commands::delivery::delivery_options;
use crate::context::AppContext;
use crate::delivery::{DeliveryEvent, DeliveryServiceSettings};
use crate::i18n::Lang;
use crate::serve::{
    DatabaseStatus, EventRecorder, Forwarder, Metrics, PhoneBindings, PushEndpoint, ServeEvent, ServeEventKind,
    ServeRouter,
};
use crate::t;
use crate::wechat::message::api_for_kind;

/// Returns what the next delivery run uses.
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
        let problems = notices.clone();
        let recorder = Arc::new(EventRecorder::start(database.clone(), app_id.clone(), move |problem| {
            problems.send(Notice::Warning(t!("serve-database-failed", cause = problem.cause)));
        })?);
        let forward_to = config.push.forward_to.as_ref();
        let ca_file = config.network.ca_file.as_ref().map(|path| &path.value);
        let forwarder = forward_to.map(|url| Forwarder::new(url.value.clone(), ca_file)).transpose()?;
        let lang = config.language.as_ref().map_or(Lang::Zh, |language| language.value);
        let on_event = report.clone();
        let warnings = notices.clone();
        let endpoint = PushEndpoint::new(app.push_settings()?, Arc::clone(&recorder), forwarder, lang, on_event)
            .with_warnings(move |text| warnings.send(Notice::Warning(text)));
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
    let prefix = config.public_url().map_or_else(String::new, |url| url.path().trim_end_matches('/').to_owned());
    let database = DatabaseStatus::open(&database)?;
    Ok(ServeRouter { prefix, push, phones, recorder, app_id, database, metrics: Arc::clone(metrics) })
}

/// Counts the attempt that an event of a run reports.
pub(super) fn count_delivery_event(metrics: &Metrics, event: &DeliveryEvent) {
    if let DeliveryEvent::AttemptEnded { kind, outcome } = event {
        metrics.count_attempt(api_for_kind(kind), outcome.as_str());
    }
}
