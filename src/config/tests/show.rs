//! Tests of the values that `config show` lists.

use super::super::{KEYS, Origin};
use super::ConfigTestDir;

#[test]
fn no_key_is_forgotten() {
    let place = ConfigTestDir::with_config(
        "app_secret = \"hunter2\"\n[network]\nproxy = \"http://me:hunter3@proxy:1\"\n[templates.NAME]\nid = \"i\"\nurl = \"http://u\"\n\
         miniprogram = { appid = \"wx1\", pagepath = \"p\" }\n\
         data = { a = 1, KEY = { value = \"v\", color = \"#112233\" } }\n",
    );
    let shown = place.load().unwrap().entries();
    let keys: Vec<&str> = shown.iter().map(|it| it.key.as_str()).collect();
    // appsecret is an alternative name of app_secret; KEY is a field with a color, `a` one without.
    let expected: Vec<&str> = KEYS
        .iter()
        .map(|key| key.name)
        .filter(|name| *name != "appsecret")
        .map(|name| if name == "templates.NAME.data.KEY" { "templates.NAME.data.a" } else { name })
        .collect();
    assert_eq!(keys, expected);
    let all = format!("{shown:?}");
    assert!(!all.contains("hunter"), "{all}");
    assert!(shown.iter().all(|it| it.value.is_some() == it.origin.is_some()));
}

#[test]
fn each_value_knows_its_line() {
    let place = ConfigTestDir::with_config("app_id = \"wx1\"\n\n[send]\nrate = 7\n");
    let shown = place.load().unwrap().entries();
    let of = |key: &str| shown.iter().find(|it| it.key == key).unwrap();
    assert_eq!(of("send.rate").value, Some(7.into()));
    assert_eq!(of("send.rate").origin, Some(Origin::File { path: place.config_path(), line: 4 }));
    assert_eq!(of("send.wait").origin, Some(Origin::Default));
    assert_eq!(of("redirect_uri").value, None);
}
