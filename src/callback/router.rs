//! Routes calls to the pending bindings: of a `bind` that binds one user after the other, or of
//! `serve`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::domain_verification::DomainVerificationFile;
use super::pages::{self, Page};
use super::pending_binding::PendingBinding;
use super::rejection::CallbackRejection;
use super::uri;
use crate::http_server::{HttpResponse, Request};
use crate::i18n::{Lang, negotiate_language};

/// All bindings that were started. The last one is the current one.
pub struct CallbackRouter {
    path: String,
    verification_file: Option<DomainVerificationFile>,
    bindings: Mutex<Vec<Arc<PendingBinding>>>,
    /// Whether [`CallbackRouter::suspend`] was called. It is only changed under the lock above.
    is_suspended: AtomicBool,
}

impl CallbackRouter {
    /// Creates a router for the path of the redirect address, which also serves the domain
    /// verification file.
    pub fn new(path: impl Into<String>, verification_file: Option<DomainVerificationFile>) -> Self {
        let (path, is_suspended) = (path.into(), AtomicBool::new(false));
        CallbackRouter { path, verification_file, bindings: Mutex::default(), is_suspended }
    }

    /// Adds the next binding. Previous ones stay, for phones that call twice or late.
    pub fn add(&self, binding: Arc<PendingBinding>) {
        let mut bindings = self.bindings.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_suspended.load(Ordering::SeqCst) {
            binding.suspend();
        }
        bindings.push(binding);
    }

    /// Returns whether a path is that of the redirect address or below it, as a short link is.
    pub fn is_own_path(&self, path: &str) -> bool {
        uri::is_same_or_below(path, &self.path)
    }

    /// Removes a binding. From then on its phone gets the page of an invalid call.
    pub fn remove(&self, binding: &Arc<PendingBinding>) {
        self.bindings.lock().unwrap_or_else(PoisonError::into_inner).retain(|other| !Arc::ptr_eq(other, binding));
    }

    /// Closes all bindings: nothing is saved afterwards, and no call waits for WeChat.
    pub fn close(&self) {
        self.bindings.lock().unwrap_or_else(PoisonError::into_inner).iter().for_each(|binding| binding.close());
    }

    /// Suspends all bindings, also later ones, because this process ends: nothing is saved
    /// afterwards, and no call waits for WeChat. Phones are asked to try again.
    pub fn suspend(&self) {
        let bindings = self.bindings.lock().unwrap_or_else(PoisonError::into_inner);
        self.is_suspended.store(true, Ordering::SeqCst);
        bindings.iter().for_each(|binding| binding.suspend());
    }

    /// Handles one call: with the binding whose state it carries, or as an invalid call of the
    /// current one.
    pub fn handle(&self, request: &Request) -> HttpResponse {
        if let Some(response) = self.verification_file.as_ref().and_then(|file| file.respond(request, &self.path)) {
            return response;
        }
        let state = uri::first_param(&request.query, "state");
        let binding = {
            let all = self.bindings.lock().unwrap_or_else(PoisonError::into_inner);
            all.iter().find(|binding| binding.matches(&request.path, state.as_deref())).or(all.last()).map(Arc::clone)
        };
        match binding {
            Some(binding) => binding.handle(request),
            None => {
                // No binding is pending: the phone comes late, or with the QR code of another user.
                let reason = match uri::is_same_path(&request.path, &self.path) {
                    true => CallbackRejection::WrongState,
                    false => CallbackRejection::WrongPath,
                };
                let lang = negotiate_language(request.header("accept-language"), Lang::Zh);
                pages::render_response(&Page::Rejected(reason), lang)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::super::pending_binding::tests::{BindingFixture, CODE, new_fixture, request};
    use super::super::{CallbackEvent, DomainVerificationFile, ShortLink};
    use super::*;

    const PATH: &str = "/%E5%9B%9E%E8%B0%83/";

    fn add_binding(router: &CallbackRouter) -> BindingFixture {
        let fixture = new_fixture();
        router.add(Arc::clone(&fixture.binding));
        fixture
    }

    fn status(router: &CallbackRouter, path: &str, query: &str) -> u16 {
        router.handle(&request("GET", path, query)).status()
    }

    #[test]
    fn router_without_bindings_serves_verification_file_only() {
        let router =
            CallbackRouter::new(PATH, Some(DomainVerificationFile::new("MP_verify_a1B2c3D4e5F6g7H8.txt", "x")));
        assert_eq!(status(&router, PATH, "code=1&state=2"), 403);
        assert_eq!(status(&router, "/other", "code=1&state=2"), 404);
        assert_eq!(status(&router, "/MP_verify_a1B2c3D4e5F6g7H8.txt", ""), 200);
    }

    #[test]
    fn call_goes_to_binding_of_its_state() {
        let router = CallbackRouter::new(PATH, None);
        let first = add_binding(&router);
        let query = |fixture: &BindingFixture, code: &str| format!("code={code}&state={}", fixture.state);
        assert_eq!(status(&router, PATH, &query(&first, CODE)), 200);
        let second = add_binding(&router);
        // The first phone calls again. Another code binds no user.
        assert_eq!(status(&router, PATH, &query(&first, CODE)), 200);
        assert_eq!(status(&router, PATH, &query(&first, "0another")), 409);
        assert_eq!(status(&router, PATH, "code=1&state=2"), 403);
        assert!(
            second
                .events
                .try_iter()
                .all(|event| matches!(event, CallbackEvent::Rejected(CallbackRejection::WrongState)))
        );
        assert_eq!(second.exchange_count(), 0);
        assert_eq!(status(&router, PATH, &query(&second, CODE)), 200);
        assert_eq!((first.exchange_count(), second.exchange_count()), (1, 1));
    }

    #[test]
    fn closed_binding_rejects_calls_and_next_one_succeeds() {
        let router = CallbackRouter::new(PATH, None);
        let first = add_binding(&router);
        first.binding.close();
        let second = add_binding(&router);
        assert_eq!(status(&router, PATH, &format!("code={CODE}&state={}", first.state)), 403);
        assert_eq!(status(&router, PATH, &format!("code={CODE}&state={}", second.state)), 200);
        assert_eq!((first.exchange_count(), second.exchange_count()), (0, 1));
    }

    #[test]
    fn suspended_binding_is_not_said_to_be_over() {
        let router = CallbackRouter::new(PATH, None);
        let (known, ended) = (add_binding(&router), add_binding(&router));
        ended.binding.close();
        router.suspend();
        let later = add_binding(&router);
        let query = |fixture: &BindingFixture| format!("code={CODE}&state={}", fixture.state);
        assert_eq!(status(&router, PATH, &query(&known)), 503);
        assert_eq!(status(&router, PATH, &query(&later)), 503);
        assert_eq!(status(&router, PATH, &query(&ended)), 403);
        assert_eq!((known.exchange_count(), later.exchange_count()), (0, 0));
        assert!(known.events.try_recv().is_err(), "a rejected call");
    }

    #[test]
    fn short_link_redirects_while_binding_is_pending() {
        let router = CallbackRouter::new(PATH, None);
        let redirect = Url::parse(&format!("http://203.0.113.7{PATH}")).unwrap();
        let add_linked = || {
            let link = ShortLink::new(&redirect, "https://long.example/").unwrap();
            let path = Url::parse(link.as_str()).unwrap().path().to_owned();
            let BindingFixture { binding, events, state, .. } = new_fixture();
            let binding = Arc::new(Arc::into_inner(binding).unwrap().with_short_link(link));
            router.add(Arc::clone(&binding));
            (binding, events, state, path)
        };
        let (_, _events, state, first) = add_linked();
        assert_eq!(status(&router, &first, ""), 302);
        assert_eq!(router.handle(&request("HEAD", &first, "")).status(), 302);
        assert_eq!(router.handle(&request("POST", &first, "")).status(), 405);
        // A guessed path is a wrong path like any other.
        let other = if first.ends_with('0') { '1' } else { '0' };
        assert_eq!(status(&router, &format!("{}{other}", &first[..first.len() - 1]), ""), 404);
        assert_eq!(status(&router, &format!("{first}/"), ""), 404);
        assert_eq!(status(&router, PATH, &format!("code={CODE}&state={state}")), 200);
        assert_eq!(status(&router, &first, ""), 409);
        let (late, _events, _, second) = add_linked();
        assert_eq!((status(&router, &first, ""), status(&router, &second, "")), (409, 302));
        late.close();
        assert_eq!(status(&router, &second, ""), 403);
    }
}
