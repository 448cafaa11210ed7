//! The endpoints of the API, one file for each group. A handler reads a call and returns its
//! result.

pub(super) mod authorize_request;
pub(super) mod consent_request;
pub(super) mod custom;
pub(super) mod failed_requests;
pub(super) mod followers;
pub(super) mod industries;
pub(super) mod media;
pub(super) mod multipart;
pub(super) mod oauth_api;
pub(super) mod oauth_authorize;
pub(super) mod push_url;
pub(super) mod qrcode;
pub(super) mod quota;
pub(super) mod subscribe;
pub(super) mod tags;
pub(super) mod template_fields;
pub(super) mod template_types;
pub(super) mod templates;
pub(super) mod tickets;
pub(super) mod tokens;
