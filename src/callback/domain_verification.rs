//! The file with which WeChat verifies the owner of a domain.
//!
//! WeChat requests it from the root of the domain, or from the directory that was registered with
//! the domain, before it accepts a 网页授权域名 (doc/oplatform/developers/basic_func/domain).

use crate::http_server::{HttpResponse, Request};

/// The length of the token between `MP_verify_` and `.txt`, which is also the content of the file.
const TOKEN_LENGTH: usize = 16;

/// A verification file to serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainVerificationFile {
    name: String,
    content: Vec<u8>,
}

/// Returns `true` if `name` has the form of such a file: `MP_verify_`, 16 letters or digits,
/// `.txt`.
pub fn is_verification_file_name(name: &str) -> bool {
    token_in_name(name)
        .is_some_and(|token| token.len() == TOKEN_LENGTH && token.bytes().all(|b| b.is_ascii_alphanumeric()))
}

fn token_in_name(name: &str) -> Option<&str> {
    name.strip_prefix("MP_verify_")?.strip_suffix(".txt")
}

impl DomainVerificationFile {
    /// Creates a file; see [`is_verification_file_name`] for `name`.
    pub fn new(name: &str, content: impl Into<Vec<u8>>) -> Self {
        DomainVerificationFile { name: name.to_owned(), content: content.into() }
    }

    /// Returns `true` if the content is the token of the name, as in the files that WeChat
    /// provides.
    pub fn content_matches_name(&self) -> bool {
        token_in_name(&self.name).is_some_and(|token| token.as_bytes() == self.content.trim_ascii())
    }

    /// Returns the file if `request` asks for it in a parent directory of `path`.
    pub(super) fn respond(&self, request: &Request, path: &str) -> Option<HttpResponse> {
        let directory = request.path.strip_suffix(self.name.as_str())?.strip_suffix('/')?;
        let rest = path.trim_end_matches('/').strip_prefix(directory)?;
        let is_read = matches!(request.method.as_str(), "GET" | "HEAD");
        let is_parent = rest.is_empty() || rest.starts_with('/');
        (is_read && is_parent).then(|| HttpResponse::bytes(200, "text/plain; charset=utf-8", self.content.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::pending_binding::tests::request;
    use super::*;

    const FILE_NAME: &str = "MP_verify_a1B2c3D4e5F6g7H8.txt";

    #[test]
    fn file_is_served_from_parent_directories_only() {
        let file = DomainVerificationFile::new(FILE_NAME, "a1B2c3D4e5F6g7H8\n");
        let served = |method: &str, directory: &str, path: &str| {
            let response = file.respond(&request(method, &format!("{directory}{FILE_NAME}"), "a=b"), path);
            response.is_some_and(|response| {
                assert_eq!(response.header_value("content-type"), Some("text/plain; charset=utf-8"));
                response.status() == 200 && response.body() == b"a1B2c3D4e5F6g7H8\n"
            })
        };
        for directory in ["/", "/wx/", "/wx/callback/"] {
            for path in ["/wx/callback", "/wx/callback/"] {
                assert!(served("GET", directory, path) && served("HEAD", directory, path), "{directory} {path}");
            }
        }
        assert!(served("GET", "/", "/") && served("GET", "/", ""));
        for directory in ["", "//", "/w/", "/wx", "/wx//", "/wx/call/", "/wx/callback//", "/wx/callback/x/", "/other/"]
        {
            assert!(!served("GET", directory, "/wx/callback/"), "{directory}");
        }
        assert!(!served("POST", "/", "/wx/"));
        assert!(file.respond(&request("GET", "/MP_verify_0000000000000000.txt", ""), "/").is_none());
    }

    #[test]
    fn name_and_content_have_the_form_of_wechat_files() {
        assert!(is_verification_file_name(FILE_NAME));
        for name in ["MP_verify_a1B2c3D4e5F6g7H.txt", "MP_verify_a1B2c3D4e5F6g7H8", "mp_verify_a1B2c3D4e5F6g7H8.txt"] {
            assert!(!is_verification_file_name(name), "{name}");
        }
        assert!(
            !is_verification_file_name("MP_verify_a1B2c3D4e5F6g7-8.txt")
                && !is_verification_file_name("MP_verify_密密密密密密密密密密密密密密密密.txt")
        );
        assert!(
            DomainVerificationFile::new(FILE_NAME, "a1B2c3D4e5F6g7H8").content_matches_name()
                && DomainVerificationFile::new(FILE_NAME, "a1B2c3D4e5F6g7H8\r\n").content_matches_name()
        );
        assert!(
            !DomainVerificationFile::new(FILE_NAME, "").content_matches_name()
                && !DomainVerificationFile::new(FILE_NAME, "a1B2c3D4e5F6g7H9").content_matches_name()
        );
    }
}
