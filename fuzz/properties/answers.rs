//! Responses of WeChat, or of a server in its place: the client returns usable values only, and no
//! error holds a secret.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use url::Url;
use wxbox::secret::{ExposeSecret, Secret};
use wxbox::wechat::message::Content;
use wxbox::wechat::{Client, ClientSettings, Endpoint, Error, Grant};

const SECRET: &str = "geheim-secret-4f5a9c";
const TOKEN: &str = "geheim-token-77aa01";
const CODE: &str = "geheim-code-0b1c2d";
const OPENID: &str = "oLuffy_wears_the_straw_hat_1";

/// A client and the bytes of the response to its next request.
struct ClientFixture {
    client: Client,
    response: Arc<Mutex<Vec<u8>>>,
}

static FIXTURE: LazyLock<Mutex<ClientFixture>> = LazyLock::new(|| {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let response = Arc::new(Mutex::new(Vec::new()));
    let bytes = response.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let _ = serve(&stream.unwrap(), &bytes);
        }
    });
    let (api_base, timeout) = (vec![base], Duration::from_secs(5));
    let settings = ClientSettings { api_base, timeout, proxy: None, ca_file: None, secret_source: None };
    Mutex::new(ClientFixture { client: Client::new(&settings).unwrap(), response })
});

/// Responds to one request and closes the connection.
fn serve(mut stream: &TcpStream, response: &Mutex<Vec<u8>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if let Some(digits) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = digits.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    reader.read_exact(&mut vec![0; length])?;
    stream.write_all(&response.lock().unwrap_or_else(PoisonError::into_inner))
}

/// The first byte selects the call, and whether the rest is a complete response or the body of a
/// valid one.
pub fn check_response(bytes: &[u8]) {
    let Some((choice, rest)) = bytes.split_first() else { return };
    if rest.windows(6).any(|part| part == b"geheim") {
        return;
    }
    let text = String::from_utf8_lossy(rest);
    // A response can reflect what the call sends.
    let (has_secret, has_code) = (matches!(choice % 16, 0..=2 | 13), choice % 16 == 2);
    let reflected = [("$T", TOKEN, !has_secret), ("$S", SECRET, has_secret), ("$C", CODE, has_code)];
    let sent = reflected.into_iter().filter(|(.., sent)| *sent);
    let body = sent.fold(text.to_string(), |text, (sign, secret, _)| text.replace(sign, secret));
    let whole = match choice & 0x80 {
        0 => {
            format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len()).into_bytes()
        }
        _ if body == text => rest.to_vec(),
        _ => body.into_bytes(),
    };
    let fixture = FIXTURE.lock().unwrap_or_else(PoisonError::into_inner);
    *fixture.response.lock().unwrap() = whole;
    if let Err(error) = call_api(choice & 0x7f, &fixture.client) {
        let error_report = format!("{error} {} {:?}", error.hint().unwrap_or_default(), error.api_error());
        assert!(!error_report.contains("geheim"), "{error_report}");
        let message = error.to_string();
        assert!(!message.contains(char::is_control), "{message:?}");
        assert!(message.chars().count() < 1000, "{message}");
    }
}

fn call_api(choice: u8, client: &Client) -> Result<(), Error> {
    let (secret, token, code): (Secret, Secret, Secret) = (SECRET.into(), TOKEN.into(), CODE.into());
    let grant = Grant { openid: OPENID.into(), web_token: token.clone(), is_snapshot: false, allows_userinfo: true };
    let fetched = |endpoint| {
        let (token, _) = client.access_token(endpoint, "wx1", &secret, false)?;
        assert!(is_word(token.expose_secret()), "a token that no request could carry");
        Ok(())
    };
    match choice % 16 {
        0 => fetched(Endpoint::Stable)?,
        1 => fetched(Endpoint::Classic)?,
        2 => assert!(is_word(&client.exchange_code("wx1", &secret, &code)?.openid)),
        3 => {
            let name = client.nickname(&grant)?.unwrap_or_default();
            assert!(name.chars().count() <= 64 && !name.contains(char::is_control));
        }
        4 => client.templates(&token)?.iter().for_each(|template| assert!(is_word(&template.template_id))),
        5 => assert!(is_word(&client.add_template(&token, "TM1", &[])?)),
        6 => client.remove_template(&token, "T-1")?,
        7 => {
            let page = client.followers(&token, Some(OPENID))?;
            assert!(page.openids.iter().chain(&page.next).all(|openid| is_word(openid)));
        }
        8 => assert!(is_word(&client.follower(&token, OPENID)?.openid)),
        9 => client.followers_batch(&token, &[OPENID])?.iter().for_each(|follower| assert!(is_word(&follower.openid))),
        10 => client.set_remark(&token, OPENID, "captain")?,
        11 => drop(client.quota(&token, "/cgi-bin/user/get")?),
        12 => client.clear_quota(&token, "wx1")?,
        13 => client.clear_quota_by_secret("wx1", &secret)?,
        14 => drop(client.request_trace(&token, &token, "1-2-3")?),
        _ => {
            let content = Content::Text { content: "hi".into(), kf_account: None };
            let msgid = client.send(&token, &content, OPENID, None).result?.unwrap_or_default();
            assert!(msgid.is_empty() || is_word(&msgid), "{msgid:?}");
        }
    }
    Ok(())
}

/// Returns `true` for a non-empty printable text of plausible length.
fn is_word(text: &str) -> bool {
    (1..=4096).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}
