//! Config files: no error, warning or view of the config contains the secret, regardless of the
//! text around it.

use std::path::Path;

use wxbox::config::{Config, Environment, Error};

const SECRET: &str = "geheim-4f5a9c";

/// The input is the rest of a file with a secret and the passwords of two URLs: in one case
/// well-formed, in another on the line of the secret.
pub fn check_config(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if text.contains("geheim") {
        return;
    }
    // The password is hidden in the values of these keys only; other values are shown.
    let proxied = text.replace("proxy = \"$P\"", &format!("proxy = \"http://user:{SECRET}@proxy.example:1\""));
    let forwarded =
        text.replace("forward_to = \"$P\"", &format!("forward_to = \"https://user:{SECRET}@forward.example\""));
    for whole in [
        format!("app_secret = \"{SECRET}\"\n{text}"),
        format!("app_secret = {SECRET} {text}"),
        format!("app_secret = \"{SECRET}{text}"),
        proxied,
        forwarded,
        // Neither has the form of a Token or an EncodingAESKey.
        format!("push.token = \"{SECRET}\"\n{text}"),
        format!("push.aes_key = \"{SECRET}{text}"),
        format!("push.token_file = \"{SECRET}\"\n{text}"),
    ] {
        assert_secret_hidden(whole);
    }
}

fn assert_secret_hidden(text: String) {
    let environment =
        Environment::from_pairs([("HOME", "/nowhere"), ("WXBOX_APP_ID", "wx1")]).with_system_config("/nowhere/etc");
    let output = match Config::from_text(Path::new("/nowhere/config.toml"), text, &environment) {
        Err(error) => error_text(&error),
        Ok(config) => {
            let shown: Vec<_> =
                config.entries().into_iter().map(|entry| format!("{} {:?}", entry.key, entry.value)).collect();
            let errors = [
                config.credentials().err(),
                config.require_redirect_uri().err(),
                config.listen_address().err(),
                config.push_secrets().err(),
            ];
            let errors: String = errors.iter().flatten().map(error_text).collect();
            format!("{shown:?} {errors} {config:?}")
        }
    };
    assert!(!output.contains(SECRET), "{output}");
}

fn error_text(error: &Error) -> String {
    format!("{error} {error:?} {}", error.hint().unwrap_or_default())
}
