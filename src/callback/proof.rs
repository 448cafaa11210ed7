//! The file by which WeChat checks who owns a domain: it is looked for at the domain's root, or in the directory that
//! was registered with the domain, before 网页授权域名 takes it (doc/oplatform/developers/basic_func/domain).

use crate::http::{Reply, Request};

/// Characters between `MP_verify_` and `.txt`; the file holds the same.
const LENGTH: usize = 16;

/// The file, as it is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    name: String,
    content: Vec<u8>,
}

/// Whether WeChat gives such files that name: `MP_verify_`, 16 letters or digits, `.txt`.
pub fn is_name_of_proof(name: &str) -> bool {
    digits(name).is_some_and(|digits| digits.len() == LENGTH && digits.bytes().all(|b| b.is_ascii_alphanumeric()))
}

fn digits(name: &str) -> Option<&str> {
    name.strip_prefix("MP_verify_")?.strip_suffix(".txt")
}

impl Proof {
    /// The file of that name, which must be [one of a proof](is_name_of_proof).
    pub fn new(name: &str, content: impl Into<Vec<u8>>) -> Self {
        Proof { name: name.to_owned(), content: content.into() }
    }

    /// Whether it holds what its name says, as the files that WeChat gives out do.
    pub fn is_whole(&self) -> bool {
        digits(&self.name).is_some_and(|digits| digits.as_bytes() == self.content.trim_ascii())
    }

    /// The file, where it is asked for in a directory on the way to `path`.
    pub(super) fn reply(&self, request: &Request, path: &str) -> Option<Reply> {
        let directory = request.path.strip_suffix(self.name.as_str())?.strip_suffix('/')?;
        let behind = path.trim_end_matches('/').strip_prefix(directory)?;
        let asks = matches!(request.method.as_str(), "GET" | "HEAD");
        let is_there = asks && (behind.is_empty() || behind.starts_with('/'));
        is_there.then(|| Reply::bytes(200, "text/plain; charset=utf-8", self.content.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::request;
    use super::*;

    const NAME: &str = "MP_verify_a1B2c3D4e5F6g7H8.txt";

    #[test]
    fn it_is_in_every_directory_on_the_way_and_nowhere_else() {
        let proof = Proof::new(NAME, "a1B2c3D4e5F6g7H8\n");
        let served = |method: &str, directory: &str, path: &str| {
            let reply = proof.reply(&request(method, &format!("{directory}{NAME}"), "a=b"), path);
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
        assert!(proof.reply(&request("GET", "/MP_verify_0000000000000000.txt", ""), "/").is_none());
    }

    #[test]
    fn the_name_and_the_content_are_those_that_wechat_gives_out() {
        assert!(is_name_of_proof(NAME));
        for name in ["MP_verify_a1B2c3D4e5F6g7H.txt", "MP_verify_a1B2c3D4e5F6g7H8", "mp_verify_a1B2c3D4e5F6g7H8.txt"] {
            assert!(!is_name_of_proof(name), "{name}");
        }
        assert!(
            !is_name_of_proof("MP_verify_a1B2c3D4e5F6g7-8.txt")
                && !is_name_of_proof("MP_verify_密密密密密密密密密密密密密密密密.txt")
        );
        assert!(Proof::new(NAME, "a1B2c3D4e5F6g7H8").is_whole() && Proof::new(NAME, "a1B2c3D4e5F6g7H8\r\n").is_whole());
        assert!(!Proof::new(NAME, "").is_whole() && !Proof::new(NAME, "a1B2c3D4e5F6g7H9").is_whole());
    }
}
