//! The phone side of web authorization: opens the link, and redirects with a code.
//!
//! developers.weixin.qq.com: doc/service/guide/h5/auth.html

use super::authorize_request::{AuthorizeRequest, LinkError};
use crate::http_server::{HttpResponse, Request};
use crate::sandbox::response::HandledRequest;
use crate::sandbox::state::Platform;
use crate::sandbox::state::oauth_tokens::OAuthGrant;
use crate::sandbox::{ids, pages};

impl Platform {
    /// `GET /connect/oauth2/authorize`, opened by the phone.
    pub(in crate::sandbox) fn authorize(&mut self, request: &Request, now_ms: i64) -> HandledRequest {
        match self.parse_authorize_request(&request.query) {
            Err(error) => {
                let errcode = Some(match error {
                    LinkError::Errcode(code) => code,
                    _ => -1,
                });
                HandledRequest { errcode, ..HandledRequest::from_reply(pages::link_error(request, error)) }
            }
            Ok(link) if link.needs_consent => HandledRequest::from_reply(pages::consent(self, request)),
            Ok(link) => {
                let person = self.acting_person(request);
                self.grant_authorization(request, &link, person, now_ms)
            }
        }
    }

    /// Issues a code for that person, and redirects the phone with it.
    ///
    /// On a test account only followers can authorize: page error 10006.
    pub(in crate::sandbox) fn grant_authorization(
        &mut self,
        request: &Request,
        link: &AuthorizeRequest,
        person: usize,
        now_ms: i64,
    ) -> HandledRequest {
        let Some(person) = self.people.get(person) else {
            return HandledRequest::from_reply(HttpResponse::text(404, ""));
        };
        if !person.follows && !self.scenario.verified {
            let page = pages::link_error(request, LinkError::Errcode(10006));
            return HandledRequest {
                errcode: Some(10006),
                openid: Some(person.openid.clone()),
                ..HandledRequest::from_reply(page)
            };
        }
        // The openid of a snapshot page belongs to no person.
        let openid = if self.scenario.snapshot { ids::openid() } else { person.openid.clone() };
        let grant = OAuthGrant {
            openid: openid.clone(),
            nickname: person.name.clone(),
            profile: link.wants_profile,
            snapshot: self.scenario.snapshot,
        };
        let target = link.callback_url(&self.authorizations.issue_code(grant, now_ms));
        let second_callback = self.scenario.double_callback.then(|| target.clone());
        let reply = HttpResponse::redirect(target.as_str());
        HandledRequest { errcode: Some(0), openid: Some(openid), second_callback, ..HandledRequest::from_reply(reply) }
    }
}
