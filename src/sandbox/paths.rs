//! The paths of the API, and which of them need an access token.
//!
//! The scenario and the fault plan check their paths against this list. The router adds a handler
//! to each path.

/// All paths of the API, in the order of the router's table.
pub(super) const API_PATHS: &[&str] = &[
    "/cgi-bin/token",
    "/cgi-bin/stable_token",
    "/cgi-bin/get_api_domain_ip",
    "/cgi-bin/getcallbackip",
    "/cgi-bin/callback/check",
    "/cgi-bin/user/get",
    "/cgi-bin/user/info",
    "/cgi-bin/user/info/batchget",
    "/cgi-bin/user/info/updateremark",
    "/cgi-bin/tags/create",
    "/cgi-bin/tags/get",
    "/cgi-bin/tags/update",
    "/cgi-bin/tags/delete",
    "/cgi-bin/tags/getidlist",
    "/cgi-bin/tags/members/batchtagging",
    "/cgi-bin/tags/members/batchuntagging",
    "/cgi-bin/user/tag/get",
    "/cgi-bin/qrcode/create",
    "/cgi-bin/showqrcode",
    "/cgi-bin/ticket/getticket",
    "/cgi-bin/openapi/quota/get",
    "/cgi-bin/openapi/rid/get",
    "/cgi-bin/clear_quota",
    "/cgi-bin/clear_quota/v2",
    "/cgi-bin/template/get_all_private_template",
    "/cgi-bin/template/api_add_template",
    "/cgi-bin/template/del_private_template",
    "/cgi-bin/template/get_industry",
    "/cgi-bin/template/api_set_industry",
    "/cgi-bin/message/template/send",
    "/cgi-bin/message/custom/send",
    "/cgi-bin/message/custom/typing",
    "/cgi-bin/message/subscribe/bizsend",
    "/cgi-bin/message/template/subscribe",
    "/wxaapi/newtmpl/gettemplate",
    "/wxaapi/newtmpl/getcategory",
    "/wxaapi/newtmpl/getpubtemplatetitles",
    "/wxaapi/newtmpl/getpubtemplatekeywords",
    "/wxaapi/newtmpl/addtemplate",
    "/wxaapi/newtmpl/deltemplate",
    "/cgi-bin/media/upload",
    "/cgi-bin/media/get",
    "/sns/oauth2/access_token",
    "/sns/oauth2/refresh_token",
    "/sns/userinfo",
    "/sns/auth",
];

/// The paths that are called without an access token of the account.
const PATHS_WITHOUT_TOKEN: &[&str] = &[
    "/cgi-bin/token",
    "/cgi-bin/stable_token",
    "/cgi-bin/showqrcode",
    "/cgi-bin/clear_quota/v2",
    "/sns/oauth2/access_token",
    "/sns/oauth2/refresh_token",
    "/sns/userinfo",
    "/sns/auth",
];

/// Returns whether the API has a call at `path`.
pub(super) fn is_api_path(path: &str) -> bool {
    API_PATHS.contains(&path)
}

/// Returns whether the call at `path` needs an access token of the account.
pub(super) fn needs_token(path: &str) -> bool {
    !PATHS_WITHOUT_TOKEN.contains(&path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_without_token_are_api_paths() {
        assert!(PATHS_WITHOUT_TOKEN.iter().all(|path| is_api_path(path)));
    }
}
