//! The endpoints of the API, one file for each group. A handler reads a call and returns its
//! result.

pub(in crate::sandbox) mod authorize_request;
pub(in crate::sandbox) mod consent_request;
pub(in crate::sandbox) mod custom;
pub(in crate::sandbox) mod failed_requests;
pub(in crate::sandbox) mod followers;
pub(in crate::sandbox) mod industries;
pub(in crate::sandbox) mod media;
pub(in crate::sandbox) mod multipart;
pub(in crate::sandbox) mod oauth_api;
pub(in crate::sandbox) mod oauth_authorize;
pub(in crate::sandbox) mod qrcode;
pub(in crate::sandbox) mod quota;
pub(in crate::sandbox) mod subscribe;
pub(in crate::sandbox) mod tags;
pub(in crate::sandbox) mod template_fields;
pub(in crate::sandbox) mod template_types;
pub(in crate::sandbox) mod templates;
pub(in crate::sandbox) mod tickets;
pub(in crate::sandbox) mod tokens;
