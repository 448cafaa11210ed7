//! The main job, end to end: a person, a binding, a text, a template message.

use snapbox::str;

use crate::harness::{World, allow, phone};

#[test]
fn a_person_is_added_bound_and_reached() {
    let mut world = World::new();
    world.wxbox("user add luffy").is(str![[]]);
    let mut bind = world.spawn("bind --user luffy");
    let link = bind.next_line();
    let callback = allow(&link, "luffy");
    assert_eq!(callback.path(), "/callback/");
    println!("{link} {callback}");
    let _ = phone();
    drop(bind);
    assert_eq!(world.sandbox().requests(), [""]);
}
