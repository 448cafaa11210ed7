//! All that a listener answers while it waits for one person after the other.

use std::sync::{Arc, Mutex, PoisonError};

use super::domain_verification::DomainVerificationFile;
use super::pages::{self, Page};
use super::pending_binding::PendingBinding;
use super::reject_reason::RejectReason;
use super::uri;
use crate::http_server::{HttpResponse, Request};
use crate::i18n::{Lang, negotiate_language};

/// The callbacks of all bindings that have begun, of which the last is waited for.
pub struct CallbackRouter {
    path: String,
    verification_file: Option<DomainVerificationFile>,
    bindings: Mutex<Vec<Arc<PendingBinding>>>,
}

impl CallbackRouter {
    /// For the redirect address's path, with the file by which WeChat checks the domain.
    pub fn new(path: impl Into<String>, verification_file: Option<DomainVerificationFile>) -> Self {
        CallbackRouter { path: path.into(), verification_file, bindings: Mutex::default() }
    }

    /// A binding begins. Those before stay, for phones that call twice or late.
    pub fn add(&self, callback: Arc<PendingBinding>) {
        self.bindings.lock().unwrap_or_else(PoisonError::into_inner).push(callback);
    }

    /// Ends the wait of all bindings: nobody is bound from here on, and no phone waits for WeChat.
    pub fn close(&self) {
        self.bindings.lock().unwrap_or_else(PoisonError::into_inner).iter().for_each(|it| it.close());
    }

    /// Answers one call: by the binding whose state it carries, else as a wrong call of the one that is waited for.
    pub fn handle(&self, request: &Request) -> HttpResponse {
        if let Some(reply) = self.verification_file.as_ref().and_then(|proof| proof.respond(request, &self.path)) {
            return reply;
        }
        let state = uri::first_param(&request.query, "state");
        let callback = {
            let all = self.bindings.lock().unwrap_or_else(PoisonError::into_inner);
            all.iter().find(|it| it.matches(&request.path, state.as_deref())).or(all.last()).map(Arc::clone)
        };
        match callback {
            Some(callback) => callback.handle(request),
            None => {
                let lang = negotiate_language(request.header("accept-language"), Lang::Zh);
                pages::render_response(&Page::Rejected(RejectReason::WrongPath), lang)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::super::pending_binding::tests::{BindingFixture, CODE, fixture, request};
    use super::super::{CallbackEvent, DomainVerificationFile, ShortLink};
    use super::*;

    const PATH: &str = "/%E5%9B%9E%E8%B0%83/";

    fn add_binding(site: &CallbackRouter) -> BindingFixture {
        let bench = fixture();
        site.add(Arc::clone(&bench.binding));
        bench
    }

    fn status(site: &CallbackRouter, path: &str, query: &str) -> u16 {
        site.handle(&request("GET", path, query)).status()
    }

    #[test]
    fn nobody_is_waited_for_yet() {
        let site = CallbackRouter::new(PATH, Some(DomainVerificationFile::new("MP_verify_a1B2c3D4e5F6g7H8.txt", "x")));
        assert_eq!(status(&site, PATH, "code=1&state=2"), 404);
        assert_eq!(status(&site, "/MP_verify_a1B2c3D4e5F6g7H8.txt", ""), 200);
    }

    #[test]
    fn each_call_is_for_the_binding_whose_state_it_carries() {
        let site = CallbackRouter::new(PATH, None);
        let first = add_binding(&site);
        let query = |bench: &BindingFixture, code: &str| format!("code={code}&state={}", bench.state);
        assert_eq!(status(&site, PATH, &query(&first, CODE)), 200);
        let second = add_binding(&site);
        // The phone of the first calls again; with another code it binds nobody.
        assert_eq!(status(&site, PATH, &query(&first, CODE)), 200);
        assert_eq!(status(&site, PATH, &query(&first, "0another")), 409);
        assert_eq!(status(&site, PATH, "code=1&state=2"), 403);
        assert!(
            second.events.try_iter().all(|event| matches!(event, CallbackEvent::Rejected(RejectReason::WrongState)))
        );
        assert_eq!(second.exchange_count(), 0);
        assert_eq!(status(&site, PATH, &query(&second, CODE)), 200);
        assert_eq!((first.exchange_count(), second.exchange_count()), (1, 1));
    }

    #[test]
    fn who_came_too_late_is_not_bound_and_keeps_nobody_else_from_it() {
        let site = CallbackRouter::new(PATH, None);
        let first = add_binding(&site);
        first.binding.close();
        let second = add_binding(&site);
        assert_eq!(status(&site, PATH, &format!("code={CODE}&state={}", first.state)), 403);
        assert_eq!(status(&site, PATH, &format!("code={CODE}&state={}", second.state)), 200);
        assert_eq!((first.exchange_count(), second.exchange_count()), (0, 1));
    }

    #[test]
    fn a_short_link_leads_on_while_it_is_waited_for() {
        let site = CallbackRouter::new(PATH, None);
        let redirect = Url::parse(&format!("http://203.0.113.7{PATH}")).unwrap();
        let linked = || {
            let link = ShortLink::new(&redirect, "https://long.example/").unwrap();
            let path = Url::parse(link.as_str()).unwrap().path().to_owned();
            let BindingFixture { binding: callback, events, state, .. } = fixture();
            let callback = Arc::new(Arc::into_inner(callback).unwrap().with_short_link(link));
            site.add(Arc::clone(&callback));
            (callback, events, state, path)
        };
        let (_, _events, state, first) = linked();
        assert_eq!(status(&site, &first, ""), 302);
        assert_eq!(site.handle(&request("HEAD", &first, "")).status(), 302);
        assert_eq!(site.handle(&request("POST", &first, "")).status(), 405);
        // A guess is as good as any other wrong address.
        let other = if first.ends_with('0') { '1' } else { '0' };
        assert_eq!(status(&site, &format!("{}{other}", &first[..first.len() - 1]), ""), 404);
        assert_eq!(status(&site, &format!("{first}/"), ""), 404);
        assert_eq!(status(&site, PATH, &format!("code={CODE}&state={state}")), 200);
        assert_eq!(status(&site, &first, ""), 409);
        let (late, _events, _, second) = linked();
        assert_eq!((status(&site, &first, ""), status(&site, &second, "")), (409, 302));
        late.close();
        assert_eq!(status(&site, &second, ""), 403);
    }
}
