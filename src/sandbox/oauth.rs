//! Web authorisation, the phone's part: the link that is opened, and the code that goes back.
//!
//! The link is held to the letter: the order of its parameters, one percent-encoding, a state of
//! letters and digits. Whoever passes here passes at WeChat.
//! developers.weixin.qq.com: doc/service/guide/h5/auth.html

use std::borrow::Cow;

use url::Url;
use url::form_urlencoded::parse;

use super::platform::{Handled, Platform};
use super::sns::Grant;
use super::{pages, random};
use crate::http::{Reply, Request};

pub(super) use super::sns::Authorizations;

const ORDER: [&str; 5] = ["appid", "redirect_uri", "response_type", "scope", "state"];
const EXTRAS: [&str; 3] = ["forcePopup", "connect_redirect", "forceSnapShot"];
const STATE_BYTES: usize = 128;

/// Why the phone shows an error page in place of asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LinkError {
    /// A page error with WeChat's own number.
    Number(i64),
    /// The parameters are not in the order that WeChat matches them in, or there are others.
    Order,
    /// The address is not percent-encoded exactly once.
    Encoding,
    /// Another response type than `code`.
    ResponseType,
    /// A state with other characters, or longer than 128 bytes.
    State,
}

/// An authorize link that holds.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) redirect: Url,
    /// With the profile, or only the openid.
    pub(super) profile: bool,
    /// Whether the person is asked.
    pub(super) asks: bool,
    pub(super) state: String,
}

impl Link {
    /// Where an allowed link sends the phone.
    fn target(&self, code: &str) -> Url {
        let mut url = self.redirect.clone();
        let query = match url.query() {
            Some(query) if !query.is_empty() => format!("{query}&code={code}&state={}", self.state),
            _ => format!("code={code}&state={}", self.state),
        };
        url.set_query(Some(&query));
        url
    }
}

impl Platform {
    /// `GET /connect/oauth2/authorize`, opened by the phone.
    pub(super) fn authorize(&mut self, request: &Request, now_ms: i64) -> Handled {
        match self.read_link(&request.query) {
            Err(error) => {
                let errcode = Some(match error {
                    LinkError::Number(code) => code,
                    _ => -1,
                });
                Handled { errcode, ..Handled::page(pages::link_error(request, error)) }
            }
            Ok(link) if link.asks => Handled::page(pages::consent(self, request)),
            Ok(link) => {
                let person = self.phone_of(request);
                self.allow(request, &link, person, now_ms)
            }
        }
    }

    /// Gives out a code for that person and sends the phone back with it. Of a test account only followers can
    /// authorise: page error 10006.
    pub(super) fn allow(&mut self, request: &Request, link: &Link, person: usize, now_ms: i64) -> Handled {
        let Some(person) = self.people.get(person) else {
            return Handled::page(Reply::text(404, ""));
        };
        if !person.follows && !self.world.verified {
            let page = pages::link_error(request, LinkError::Number(10006));
            return Handled { errcode: Some(10006), to: Some(person.openid.clone()), ..Handled::page(page) };
        }
        // The openid of a snapshot page is one that stands for nobody.
        let openid = if self.world.snapshot { random::openid() } else { person.openid.clone() };
        let grant = Grant {
            openid: openid.clone(),
            nickname: person.name.clone(),
            profile: link.profile,
            snapshot: self.world.snapshot,
        };
        let target = link.target(&self.authorizations.give_code(grant, now_ms));
        let again = self.world.double_callback.then(|| target.clone());
        let reply = Reply::redirect(target.as_str());
        Handled { errcode: Some(0), to: Some(openid), again, ..Handled::page(reply) }
    }

    /// The place of the person whose phone this is: the cookie `phone` names one, else the settings do.
    pub(super) fn phone_of(&self, request: &Request) -> usize {
        let cookies = request.header("cookie").unwrap_or_default();
        let named = cookies.split(';').find_map(|cookie| cookie.trim().strip_prefix("phone=")).and_then(|value| {
            let decoded = parse(format!("name={value}").as_bytes()).next().map(|(_, name)| name.into_owned())?;
            self.people.iter().position(|person| person.name == decoded)
        });
        named.unwrap_or(self.phone)
    }

    /// Reads the query of an authorize link.
    pub(super) fn read_link(&self, query: &str) -> Result<Link, LinkError> {
        let given: Vec<(Cow<'_, str>, Cow<'_, str>)> = parse(query.as_bytes()).collect();
        let value = |name: &str| given.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_ref());
        for (name, code) in [("appid", 10012), ("redirect_uri", 10011), ("scope", 10010)] {
            if value(name).is_empty() {
                return Err(LinkError::Number(code));
            }
        }
        // A state may be left out.
        let order = if given.iter().any(|(key, _)| key == "state") { &ORDER[..] } else { &ORDER[..4] };
        let (head, extras) = given.split_at(order.len().min(given.len()));
        let in_order = head.iter().map(|(key, _)| key.as_ref()).eq(order.iter().copied());
        if !in_order || extras.iter().any(|(key, _)| !EXTRAS.contains(&key.as_ref())) {
            return Err(LinkError::Order);
        }
        if value("appid") != self.world.app_id {
            return Err(LinkError::Number(40013));
        }
        if value("response_type") != "code" {
            return Err(LinkError::ResponseType);
        }
        let profile = match value("scope") {
            "snsapi_userinfo" => true,
            "snsapi_base" => false,
            _ => return Err(LinkError::Number(10005)),
        };
        let state = value("state");
        if state.len() > STATE_BYTES || !state.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(LinkError::State);
        }
        let asks = profile || value("forcePopup") == "true";
        let redirect = self.read_redirect(query, value("redirect_uri"))?;
        Ok(Link { redirect, profile, asks, state: state.to_owned() })
    }

    fn read_redirect(&self, query: &str, decoded: &str) -> Result<Url, LinkError> {
        let raw = query.split('&').find_map(|pair| pair.strip_prefix("redirect_uri=")).unwrap_or_default();
        if raw.contains([':', '/', '?', '=']) || decoded.to_ascii_lowercase().starts_with("http%3a") {
            return Err(LinkError::Encoding);
        }
        let url = Url::parse(decoded).map_err(|_| LinkError::Number(10003))?;
        let fits = matches!(url.scheme(), "http" | "https") && url.has_host() && self.is_callback(&url);
        if fits { Ok(url) } else { Err(LinkError::Number(10003)) }
    }

    /// Whether the account may send people to that address. A port counts only where the domain is set
    /// with one, as a test account allows.
    fn is_callback(&self, url: &Url) -> bool {
        let Some(domain) = &self.world.callback_domain else { return true };
        let (place, path) = match domain.split_once('/') {
            Some((place, path)) => (place, path),
            None => (domain.as_str(), ""),
        };
        let host = url.host_str().unwrap_or_default();
        let given = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        given.eq_ignore_ascii_case(place) && url.path()[1..].starts_with(path)
    }
}
