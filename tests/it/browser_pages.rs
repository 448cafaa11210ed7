//! The pages in a browser as a person reads them, on a screen as narrow as a phone's.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use url::Url;

use crate::support::env::{TestEnv, authorize, http_client};

/// The width of a small phone in CSS pixels.
pub const PHONE_WIDTH_PX: u32 = 360;

/// Returns the document at a URL after its scripts ran in Chromium, and the complaints of Chromium.
/// Returns `None` if there is no Chromium.
pub fn render_in_chromium(env: &TestEnv, url: &str, language: &str) -> Option<(String, Vec<String>)> {
    let ran = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--window-size=1000,900", "--enable-logging=stderr", "--dump-dom"])
        .arg(format!("--accept-lang={language}"))
        .arg(format!("--user-data-dir={}", env.path("chromium").display()))
        .arg(url)
        .env("HOME", env.home.path())
        .stdin(Stdio::null())
        .output();
    let output = match ran {
        Ok(output) => output,
        Err(error) => {
            eprintln!("skipped: chromium cannot be started ({error})");
            return None;
        }
    };
    let log = String::from_utf8_lossy(&output.stderr);
    let complaints = log.lines().filter(|line| line.contains("CONSOLE")).map(str::to_owned).collect();
    Some((String::from_utf8(output.stdout).unwrap(), complaints))
}

/// Returns a page as the server sends it.
pub fn fetch_page(url: &str, language: &str) -> String {
    let answer = http_client().get(url).header("accept-language", language).send().unwrap();
    String::from_utf8(answer.bytes().unwrap().to_vec()).unwrap()
}

/// A page after layout.
pub struct RenderedPage {
    pub title: String,
    pub text: String,
    /// The width that the window needs, in CSS pixels.
    pub width: u64,
}

/// Lays pages out in frames as wide as a small phone, because a headless window cannot be that
/// narrow.
pub fn render_in_narrow_frames(env: &TestEnv, pages: &[String]) -> Option<Vec<RenderedPage>> {
    let quoted = |page: &String| page.replace('&', "&amp;").replace('"', "&quot;");
    let frame = |page| {
        format!("<iframe width={PHONE_WIDTH_PX} height=640 style='border:0' srcdoc=\"{}\"></iframe>", quoted(page))
    };
    let frames: String = pages.iter().map(frame).collect();
    let look = "addEventListener('load',()=>{const seen=[...document.querySelectorAll('iframe')].map(frame=>{\
                const page=frame.contentDocument;return{title:page.title,text:page.body.innerText,\
                width:page.documentElement.scrollWidth}});\
                document.body.textContent='SEEN'+encodeURIComponent(JSON.stringify(seen))+'END'})";
    let file =
        env.write_file("narrow.html", format!("<!DOCTYPE html><meta charset=utf-8>{frames}<script>{look}</script>"));
    let (document, _) = render_in_chromium(env, &file_url(&file), "zh-CN")?;
    let (_, rest) = document.split_once("SEEN").expect("the script ran");
    let (results, _) = rest.split_once("END").unwrap();
    let results = percent_encoding::percent_decode_str(results).decode_utf8().unwrap();
    let results: Vec<Value> = serde_json::from_str(&results).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let page = |results: &Value| RenderedPage {
        title: text(&results["title"]),
        text: text(&results["text"]),
        width: results["width"].as_u64().unwrap(),
    };
    Some(results.iter().map(page).collect())
}

fn file_url(file: &Path) -> String {
    Url::from_file_path(file).unwrap().into()
}

#[test]
fn phone_pages_fit_narrow_screen_in_both_languages() {
    let mut env = TestEnv::new();
    // The longest possible name, without a place to break it.
    let name = "w".repeat(64);
    env.run(&format!("user add {name}")).assert_success();
    let mut bind = env.spawn(&format!("bind --user {name}"));
    let link = bind.expect_line();
    let right = authorize(&link, "luffy");
    env.sandbox().post_form("settings", "snapshot=1");
    let snapshot = authorize(&link, "luffy");
    let with = |query: &str| {
        let mut url = right.clone();
        url.set_query(Some(query));
        url
    };
    let (_, state) = right.query().unwrap().split_once('&').unwrap();
    // The valid callback comes last, because it ends the wait.
    let calls = [
        with("state=wrong"),
        with(state),
        with(&format!("code=x&{state}")),
        snapshot,
        right.join("/").unwrap(),
        right.clone(),
    ];
    let pages: Vec<String> =
        calls.iter().flat_map(|call| ["zh-CN", "en"].map(|language| fetch_page(call.as_str(), language))).collect();
    bind.wait().assert_success();
    let Some(seen) = render_in_narrow_frames(&env, &pages) else { return };
    let titles: Vec<[&str; 2]> = seen.chunks(2).map(|pair| [pair[0].title.as_str(), pair[1].title.as_str()]).collect();
    assert_eq!(
        titles,
        [
            ["链接无效", "Link not valid"],
            ["尚未授权", "Not authorized yet"],
            ["授权已失效", "Authorization expired"],
            ["请使用完整服务", "Full service needed"],
            ["页面不存在", "Page not found"],
            ["绑定成功", "Binding complete"]
        ]
    );
    for page in &seen {
        assert!(page.text.contains(&page.title), "{}", page.text);
        assert!(page.width <= PHONE_WIDTH_PX.into(), "{} needs {} px", page.title, page.width);
    }
    assert!(seen[10].text.contains(&name) && seen[11].text.contains("luffy"), "{}", seen[11].text);
}

#[test]
fn browser_renders_localized_page_without_errors() {
    let env = TestEnv::new();
    env.run("user add luffy").assert_success();
    let mut bind = env.spawn("bind --user luffy");
    let right = authorize(&bind.expect_line(), "luffy");
    let mut wrong = right.clone();
    wrong.set_query(None);
    for (language, title) in [("zh-CN", "链接无效"), ("en-US", "Link not valid")] {
        let Some((document, complaints)) = render_in_chromium(&env, wrong.as_str(), language) else { return };
        assert!(document.contains(&format!("<h1>{title}</h1>")), "{document}");
        // The browser reports each 4xx page itself.
        let ours: Vec<_> = complaints.iter().filter(|line| !line.contains("Failed to load resource")).collect();
        assert!(ours.is_empty(), "{ours:?}");
    }
    let Some((document, complaints)) = render_in_chromium(&env, right.as_str(), "zh-CN") else { return };
    assert!(document.contains("<h1>绑定成功</h1>") && document.contains("luffy"), "{document}");
    assert_eq!(complaints, Vec::<String>::new());
    bind.wait().assert_success();
}

#[test]
fn sandbox_pages_fit_narrow_screen() {
    let mut env = TestEnv::new();
    env.run("user add luffy").assert_success();
    env.run("bind --user luffy --openid oLuffy_wears_the_straw_hat_1").assert_success();
    env.run(&format!("send -u luffy {}", "x".repeat(300))).assert_success();
    env.run("send -u luffy -t backup -d host=db1 -d size=42 -d time=03:15 --url https://status.example.com")
        .assert_success();
    env.run("user add nami").assert_success();
    let mut bind = env.spawn("bind --user nami");
    let link = bind.expect_line();
    let url = env.sandbox().url.clone();
    let invalid = link.replace("response_type=code", "response_type=token");
    let places = [format!("{url}/"), link.clone(), invalid, format!("{url}/nothing")];
    let pages: Vec<String> =
        ["zh-CN", "en"].iter().flat_map(|lang| places.iter().map(|place| fetch_page(place, lang))).collect();
    let Some(seen) = render_in_narrow_frames(&env, &pages) else { return };
    for (page, text) in seen.iter().zip([
        "db1",
        "你的昵称、头像",
        "response_type",
        "页面不存在",
        "db1",
        "Your nickname and avatar",
        "response_type",
        "Not found",
    ]) {
        assert!(page.text.contains(text), "{}", page.text);
        assert!(page.width <= PHONE_WIDTH_PX.into(), "{} needs {} px", page.title, page.width);
    }
    for place in [&places[0], &link] {
        let Some((document, complaints)) = render_in_chromium(&env, place, "zh-CN") else { return };
        assert!(document.contains("luffy"), "{document}");
        assert_eq!(complaints, Vec::<String>::new());
    }
}
