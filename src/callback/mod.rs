//! The OAuth callback: the HTTP endpoint to which WeChat sends a phone, with a `code`, to bind a
//! user.
//!
//! A [`PendingBinding`] checks the calls for one user. A [`CallbackRouter`] holds all pending
//! bindings of a process and routes each call to the binding whose `state` it carries. The module
//! knows neither WeChat's client nor the database: a [`CodeExchange`] exchanges the code, and a
//! [`SaveBinding`] saves the result.

mod domain_verification;
mod exchange;
mod follow;
mod oauth_state;
mod pages;
mod pending_binding;
mod rejection;
mod router;
mod short_link;
mod uri;

pub use domain_verification::{DomainVerificationFile, is_verification_file_name};
pub use exchange::{CodeExchange, ExchangeError, OAuthIdentity};
pub use follow::{FollowLookupFn, FollowLookupResult, FollowQrCode};
pub use oauth_state::OAuthState;
pub use pages::is_callback_page;
pub use pending_binding::{BoundUser, CallbackEvent, PendingBinding, SaveBinding};
pub use rejection::CallbackRejection;
pub use router::CallbackRouter;
pub use short_link::ShortLink;
