//! A link that is short enough for a small QR code and redirects to the authorization page.

use percent_encoding::percent_decode_str;
use subtle::ConstantTimeEq;
use url::Url;

use crate::http_server::HttpResponse;
use crate::random::random_base62;

/// The number of random digits: 14 digits of base 62 are 83 bits. Anyone who guesses them learns
/// the state.
const RANDOM_DIGITS: usize = 14;

/// A link below the redirect address that ends with random digits.
#[derive(Clone)]
pub struct ShortLink {
    url: Url,
    target: String,
}

impl ShortLink {
    /// Creates a link below `redirect` that redirects to `target`.
    ///
    /// # Errors
    /// The operating system provides no randomness.
    pub fn new(redirect: &Url, target: &str) -> anyhow::Result<Self> {
        let mut url = redirect.clone();
        url.set_query(None);
        url.set_path(&format!("{}/{}", redirect.path().trim_end_matches('/'), random_base62(RANDOM_DIGITS)?));
        Ok(Self { url, target: target.to_owned() })
    }

    /// Returns the link that another process created.
    pub fn from_stored(url: Url, target: &str) -> Self {
        Self { url, target: target.to_owned() }
    }

    /// Returns the link.
    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }

    /// Compares `path` with the path of this link in constant time.
    pub(super) fn matches(&self, path: &str) -> bool {
        let bytes = |path| percent_decode_str(path).collect::<Vec<u8>>();
        bytes(path).ct_eq(&bytes(self.url.path())).into()
    }

    /// Returns the redirect to the target.
    pub(super) fn redirect(&self) -> HttpResponse {
        HttpResponse::redirect(&self.target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_random_and_below_redirect_address() {
        for (redirect, below) in [
            ("http://203.0.113.7:8080/callback/?a=b", "http://203.0.113.7:8080/callback/"),
            ("https://wx.example.com/wx/callback", "https://wx.example.com/wx/callback/"),
            ("http://203.0.113.7/", "http://203.0.113.7/"),
            ("http://[2001:db8::1]/%E5%9B%9E", "http://[2001:db8::1]/%E5%9B%9E/"),
        ] {
            let link = || ShortLink::new(&Url::parse(redirect).unwrap(), "https://long.example/").unwrap();
            let (one, other) = (link(), link());
            let digits = one.as_str().strip_prefix(below).unwrap();
            assert!(digits.len() == RANDOM_DIGITS && digits.bytes().all(|digit| digit.is_ascii_alphanumeric()));
            assert_ne!(one.as_str(), other.as_str());
            let path = one.url.path();
            assert!(one.matches(path) && !other.matches(path));
            assert!(
                !one.matches("")
                    && !one.matches(&path[1..])
                    && !one.matches(&format!("{path}/"))
                    && !one.matches(&format!("{path}a"))
            );
        }
    }

    #[test]
    fn redirect_keeps_fragment() {
        let target = "https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx&state=1#wechat_redirect";
        let response = ShortLink::new(&Url::parse("http://203.0.113.7/").unwrap(), target).unwrap().redirect();
        assert_eq!((response.status(), response.header_value("location")), (302, Some(target)));
        assert_eq!(response.header_value("cache-control"), Some("no-store"));
    }
}
