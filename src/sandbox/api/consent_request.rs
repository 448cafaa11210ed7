//! The link that asks a person for a one-time subscription.
//!
//! developers.weixin.qq.com: doc/service/guide/product/message/One-time_subscription_info

use url::Url;

use super::custom::links::is_web_url;
use crate::http_server::Request;
use crate::sandbox::state::Platform;

const MAX_RESERVED_BYTES: usize = 128;
const MAX_SCENE: u16 = 10_000;

/// The reason why the phone shows an error page instead of the consent page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sandbox) enum ConsentError {
    /// The `action` is not `get_confirm`.
    Action,
    AppId,
    Scene,
    Template,
    /// The address is missing, or is not on the business domain.
    Redirect,
    /// The value has other characters than letters and digits, or is longer than 128 bytes.
    Reserved,
}

/// A valid link of `/mp/subscribemsg`.
pub(in crate::sandbox) struct ConsentRequest {
    pub(in crate::sandbox) scene: u16,
    pub(in crate::sandbox) redirect: Url,
    pub(in crate::sandbox) reserved: String,
}

impl Platform {
    /// Parses the query of a link that asks for a one-time subscription.
    pub(in crate::sandbox) fn parse_consent_request(&self, request: &Request) -> Result<ConsentRequest, ConsentError> {
        let value = |name: &str| request.param(name).unwrap_or_default();
        if value("action") != "get_confirm" {
            return Err(ConsentError::Action);
        }
        if value("appid") != self.scenario.app_id {
            return Err(ConsentError::AppId);
        }
        let scene = parse_scene(&value("scene")).ok_or(ConsentError::Scene)?;
        if value("template_id") != self.scenario.one_time_template {
            return Err(ConsentError::Template);
        }
        let redirect = Url::parse(&value("redirect_url")).ok().filter(|url| self.is_business_url(url));
        let redirect = redirect.ok_or(ConsentError::Redirect)?;
        let reserved = value("reserved").into_owned();
        if reserved.len() > MAX_RESERVED_BYTES || !reserved.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(ConsentError::Reserved);
        }
        Ok(ConsentRequest { scene, redirect, reserved })
    }

    fn is_business_url(&self, url: &Url) -> bool {
        let authority = match (url.host_str(), url.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (Some(host), None) => host.to_owned(),
            (None, _) => return false,
        };
        let domain = self.scenario.business_domain.as_ref();
        is_web_url(url.as_str()) && domain.is_none_or(|domain| domain.eq_ignore_ascii_case(&authority))
    }
}

/// Parses a scene: 0 to 10,000, in digits.
pub(in crate::sandbox) fn parse_scene(text: &str) -> Option<u16> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|scene| digits && *scene <= MAX_SCENE)
}
