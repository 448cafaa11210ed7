//! All that a listener answers while it waits for one person after the other.

use std::sync::{Arc, Mutex, PoisonError};

use super::pages::{self, Page};
use super::proof::Proof;
use super::{Callback, Reason, parts};
use crate::http::{Reply, Request};
use crate::words::{Lang, preferred};

/// The callbacks of all bindings that have begun, of which the last is waited for.
pub struct Site {
    path: String,
    proof: Option<Proof>,
    callbacks: Mutex<Vec<Arc<Callback>>>,
}

impl Site {
    /// For the redirect address's path, with the file by which WeChat checks the domain.
    pub fn new(path: impl Into<String>, proof: Option<Proof>) -> Self {
        Site { path: path.into(), proof, callbacks: Mutex::default() }
    }

    /// A binding begins. Those before stay, for phones that call twice or late.
    pub fn begin(&self, callback: Arc<Callback>) {
        self.callbacks.lock().unwrap_or_else(PoisonError::into_inner).push(callback);
    }

    /// Ends the wait of all bindings: nobody is bound from here on, and no phone waits for WeChat.
    pub fn close(&self) {
        self.callbacks.lock().unwrap_or_else(PoisonError::into_inner).iter().for_each(|it| it.close());
    }

    /// Answers one call: by the binding whose state it carries, else as a wrong call of the one that is waited for.
    pub fn answer(&self, request: &Request) -> Reply {
        if let Some(reply) = self.proof.as_ref().and_then(|proof| proof.reply(request, &self.path)) {
            return reply;
        }
        let state = parts::first(&request.query, "state");
        let callback = {
            let all = self.callbacks.lock().unwrap_or_else(PoisonError::into_inner);
            all.iter().find(|it| it.knows(&request.path, state.as_deref())).or(all.last()).map(Arc::clone)
        };
        match callback {
            Some(callback) => callback.answer(request),
            None => {
                let lang = preferred(request.header("accept-language"), Lang::Zh);
                pages::reply(&Page::TurnedAway(Reason::Path), lang)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::super::tests::{Bench, CODE, bench, request};
    use super::super::{Event, Proof, ShortLink};
    use super::*;

    const PATH: &str = "/%E5%9B%9E%E8%B0%83/";

    fn begin(site: &Site) -> Bench {
        let bench = bench();
        site.begin(Arc::clone(&bench.callback));
        bench
    }

    fn status(site: &Site, path: &str, query: &str) -> u16 {
        site.answer(&request("GET", path, query)).status()
    }

    #[test]
    fn nobody_is_waited_for_yet() {
        let site = Site::new(PATH, Some(Proof::new("MP_verify_a1B2c3D4e5F6g7H8.txt", "x")));
        assert_eq!(status(&site, PATH, "code=1&state=2"), 404);
        assert_eq!(status(&site, "/MP_verify_a1B2c3D4e5F6g7H8.txt", ""), 200);
    }

    #[test]
    fn each_call_is_for_the_binding_whose_state_it_carries() {
        let site = Site::new(PATH, None);
        let first = begin(&site);
        let query = |bench: &Bench, code: &str| format!("code={code}&state={}", bench.state);
        assert_eq!(status(&site, PATH, &query(&first, CODE)), 200);
        let second = begin(&site);
        // The phone of the first calls again; with another code it binds nobody.
        assert_eq!(status(&site, PATH, &query(&first, CODE)), 200);
        assert_eq!(status(&site, PATH, &query(&first, "0another")), 409);
        assert_eq!(status(&site, PATH, "code=1&state=2"), 403);
        assert!(second.events.try_iter().all(|event| matches!(event, Event::TurnedAway(Reason::State))));
        assert_eq!(second.asked(), 0);
        assert_eq!(status(&site, PATH, &query(&second, CODE)), 200);
        assert_eq!((first.asked(), second.asked()), (1, 1));
    }

    #[test]
    fn who_came_too_late_is_not_bound_and_keeps_nobody_else_from_it() {
        let site = Site::new(PATH, None);
        let first = begin(&site);
        first.callback.close();
        let second = begin(&site);
        assert_eq!(status(&site, PATH, &format!("code={CODE}&state={}", first.state)), 403);
        assert_eq!(status(&site, PATH, &format!("code={CODE}&state={}", second.state)), 200);
        assert_eq!((first.asked(), second.asked()), (0, 1));
    }

    #[test]
    fn a_short_link_leads_on_while_it_is_waited_for() {
        let site = Site::new(PATH, None);
        let redirect = Url::parse(&format!("http://203.0.113.7{PATH}")).unwrap();
        let linked = || {
            let link = ShortLink::new(&redirect, "https://long.example/").unwrap();
            let path = Url::parse(link.as_str()).unwrap().path().to_owned();
            let Bench { callback, events, state, .. } = bench();
            let callback = Arc::new(Arc::into_inner(callback).unwrap().with_short_link(link));
            site.begin(Arc::clone(&callback));
            (callback, events, state, path)
        };
        let (_, _events, state, first) = linked();
        assert_eq!(status(&site, &first, ""), 302);
        assert_eq!(site.answer(&request("HEAD", &first, "")).status(), 302);
        assert_eq!(site.answer(&request("POST", &first, "")).status(), 405);
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
