//! Tests of the values that `config show` lists.

use super::super::{KEYS, Origin};
use super::ConfigTestDir;

#[test]
fn entries_contain_every_key_and_no_secret() {
    let place = ConfigTestDir::with_config(
        "app_secret = \"hunter2\"\n[network]\nproxy = \"http://me:hunter3@proxy:1\"\n[templates.NAME]\nid = \"i\"\nurl = \"http://u\"\n\
         miniprogram = { appid = \"wx1\", pagepath = \"p\" }\n\
         data = { a = 1, KEY = { value = \"v\", color = \"#112233\" } }\n",
    );
    let entries = place.load().unwrap().entries();
    let keys: Vec<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
    // appsecret is an alternative name of app_secret; KEY is a field with a color, `a` one without.
    let expected: Vec<&str> = KEYS
        .iter()
        .map(|key| key.name)
        .filter(|name| *name != "appsecret")
        .map(|name| if name == "templates.NAME.data.KEY" { "templates.NAME.data.a" } else { name })
        .collect();
    assert_eq!(keys, expected);
    let all = format!("{entries:?}");
    assert!(!all.contains("hunter"), "{all}");
    assert!(entries.iter().all(|entry| entry.value.is_some() == entry.origin.is_some()));
}

#[test]
fn entries_have_value_and_origin() {
    let place = ConfigTestDir::with_config("app_id = \"wx1\"\n\n[send]\nrate = 7\n");
    let entries = place.load().unwrap().entries();
    let entry_of = |key: &str| entries.iter().find(|entry| entry.key == key).unwrap();
    assert_eq!(entry_of("send.rate").value, Some(7.into()));
    assert_eq!(entry_of("send.rate").origin, Some(Origin::File { path: place.config_path(), line: 4 }));
    assert_eq!(entry_of("send.wait").origin, Some(Origin::Default));
    assert_eq!(entry_of("redirect_uri").value, None);
}
