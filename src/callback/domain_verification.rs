//! The file by which WeChat checks who owns a domain: it is looked for at the domain's root, or in the directory that
//! was registered with the domain, before 网页授权域名 takes it (doc/oplatform/developers/basic_func/domain).

use crate::http_server::{HttpResponse, Request};

/// Characters between `MP_verify_` and `.txt`; the file holds the same.
const TOKEN_LENGTH: usize = 16;

/// The file, as it is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainVerificationFile {
    name: String,
    content: Vec<u8>,
}

/// Whether WeChat gives such files that name: `MP_verify_`, 16 letters or digits, `.txt`.
pub fn is_verification_file_name(name: &str) -> bool {
    token_in_name(name)
        .is_some_and(|digits| digits.len() == TOKEN_LENGTH && digits.bytes().all(|b| b.is_ascii_alphanumeric()))
}

fn token_in_name(name: &str) -> Option<&str> {
    name.strip_prefix("MP_verify_")?.strip_suffix(".txt")
}

impl DomainVerificationFile {
    /// The file of that name, which must be [one of a proof](is_name_of_proof).
    pub fn new(name: &str, content: impl Into<Vec<u8>>) -> Self {
        DomainVerificationFile { name: name.to_owned(), content: content.into() }
    }

    /// Whether it holds what its name says, as the files that WeChat gives out do.
    pub fn content_matches_name(&self) -> bool {
        token_in_name(&self.name).is_some_and(|digits| digits.as_bytes() == self.content.trim_ascii())
    }

    /// The file, where it is asked for in a directory on the way to `path`.
    pub(super) fn respond(&self, request: &Request, path: &str) -> Option<HttpResponse> {
        let directory = request.path.strip_suffix(self.name.as_str())?.strip_suffix('/')?;
        let behind = path.trim_end_matches('/').strip_prefix(directory)?;
        let asks = matches!(request.method.as_str(), "GET" | "HEAD");
        let is_there = asks && (behind.is_empty() || behind.starts_with('/'));
        is_there.then(|| HttpResponse::bytes(200, "text/plain; charset=utf-8", self.content.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::pending_binding::tests::request;
    use super::*;

    const FILE_NAME: &str = "MP_verify_a1B2c3D4e5F6g7H8.txt";

    #[test]
    fn it_is_in_every_directory_on_the_way_and_nowhere_else() {
        let proof = DomainVerificationFile::new(FILE_NAME, "a1B2c3D4e5F6g7H8\n");
        let served = |method: &str, directory: &str, path: &str| {
            let reply = proof.respond(&request(method, &format!("{directory}{FILE_NAME}"), "a=b"), path);
            reply.is_some_and(|reply| {
                assert_eq!(reply.header_value("content-type"), Some("text/plain; charset=utf-8"));
                reply.status() == 200 && reply.body() == b"a1B2c3D4e5F6g7H8\n"
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
        assert!(proof.respond(&request("GET", "/MP_verify_0000000000000000.txt", ""), "/").is_none());
    }

    #[test]
    fn the_name_and_the_content_are_those_that_wechat_gives_out() {
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
