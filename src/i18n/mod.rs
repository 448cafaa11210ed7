//! The catalogue of all texts that people read: errors, hints, prompts, pages of the phone and the
//! sandbox.
//!
//! Each language has a Fluent file (`en.ftl`, `zh-CN.ftl`). A message is parsed when it is first used,
//! and no message refers to another one. A message that a language lacks is shown in English. Errors are rendered by `Display`,
//! which takes no language, so the language is process-wide ([`set_language`]): the environment
//! sets it at the start, and the config once it is read. Pages for a phone pass their language to
//! [`t_in!`](crate::t_in).

mod command_options;
mod format;
mod locale;

use std::borrow::Cow;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{LazyLock, RwLock};

use command_options::add_command_options;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use memchr::memmem;
use unic_langid::LanguageIdentifier;

pub use command_options::set_command_options;
pub use format::{
    closest_match, error_text, exact_duration, io_error_text, join_clauses, join_first, join_list, json_error,
    json_error_without_position, library_error_text, long_duration, redact_value, relative_time, short_duration,
    system_error_text,
};
pub use locale::{LocaleChoice, detect_locale, negotiate_language};

/// The English catalogue, which has every message.
pub const EN: &str = include_str!("en.ftl");
/// The Simplified Chinese catalogue.
pub const ZH: &str = include_str!("zh-CN.ftl");

/// A supported language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Lang {
    /// English.
    En = 0,
    /// Simplified Chinese.
    Zh = 1,
}

impl Lang {
    /// Returns the language of a name such as `zh`, `zh-CN` or `en_GB`, if it is supported.
    pub fn from_name(name: &str) -> Option<Self> {
        match name.split(['_', '-', '.', '@']).next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "zh" => Some(Self::Zh),
            "en" | "c" | "posix" => Some(Self::En),
            _ => None,
        }
    }

    /// Returns its name in the config and in `WXBOX_LANG`.
    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh",
        }
    }

    /// Returns its language tag, for HTML.
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh-CN",
        }
    }
}

static CURRENT_LANG: AtomicU8 = AtomicU8::new(Lang::En as u8);

/// Sets the language of the process, which [`t!`](crate::t) uses.
pub fn set_language(lang: Lang) {
    CURRENT_LANG.store(lang as u8, Ordering::Relaxed);
}

/// Returns the language of the process.
pub fn current_language() -> Lang {
    if CURRENT_LANG.load(Ordering::Relaxed) == Lang::Zh as u8 { Lang::Zh } else { Lang::En }
}

type Bundle = FluentBundle<FluentResource>;

static ENGLISH: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::new(EN, Lang::En));
static CHINESE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::new(ZH, Lang::Zh));

/// The messages of a language. Parsing all of them together took half of the instructions of a
/// warm `wxbox send`, which uses two or three.
struct Catalogue {
    text: &'static str,
    /// The messages that have been used.
    parsed: RwLock<Bundle>,
}

impl Catalogue {
    fn new(text: &'static str, lang: Lang) -> Self {
        let mut bundle = Bundle::new_concurrent(vec![lang.tag().parse::<LanguageIdentifier>().unwrap_or_default()]);
        // Terminals show the invisible isolation marks as boxes, and a user would copy them with
        // the values.
        bundle.set_use_isolating(false);
        Self { text, parsed: RwLock::new(bundle) }
    }

    /// Returns the text of a message; `None` if the catalogue lacks it.
    fn format(&self, id: &str, args: Option<&FluentArgs<'_>>) -> Option<String> {
        let used = self.parsed.read().ok().and_then(|bundle| format_message(&bundle, id, args));
        used.or_else(|| {
            // A test checks that each message parses.
            let message = FluentResource::try_new(message_source(self.text, id)?.to_owned()).ok()?;
            let mut bundle = self.parsed.write().ok()?;
            bundle.add_resource_overriding(message);
            format_message(&bundle, id, args)
        })
    }
}

/// Finds the lines of a message. Only an ID or a comment begins with a letter or `#` at the start of a
/// line; the other lines of a message begin with a blank or `}`.
fn message_source<'a>(text: &'a str, id: &str) -> Option<&'a str> {
    let start = memmem::find(text.as_bytes(), format!("\n{id} =").as_bytes())? + 1;
    let rest = &text[start..];
    let starts_entry = |at: &usize| rest[*at..].starts_with(|c: char| c.is_ascii_lowercase() || c == '#');
    let end = rest.match_indices('\n').map(|(at, _)| at + 1).find(starts_entry);
    Some(&rest[..end.unwrap_or(rest.len())])
}

/// Returns the message `id` in `lang`. Use [`t!`](crate::t) or [`t_in!`](crate::t_in) instead.
pub fn translate(lang: Lang, id: &str) -> String {
    lookup(lang, id, None)
}

/// Returns the message `id` in `lang` with its arguments. Use [`t!`](crate::t) or
/// [`t_in!`](crate::t_in) instead.
pub fn translate_with(lang: Lang, id: &str, args: &[(&str, &dyn MessageArg)]) -> String {
    let mut fluent_args = FluentArgs::new();
    for (name, value) in args {
        fluent_args.set(*name, value.to_fluent());
    }
    lookup(lang, id, Some(&fluent_args))
}

fn lookup(lang: Lang, id: &str, args: Option<&FluentArgs<'_>>) -> String {
    let translated = match lang {
        Lang::En => None,
        Lang::Zh => CHINESE.format(id, args),
    };
    let text = translated.or_else(|| ENGLISH.format(id, args)).unwrap_or_else(|| format!("[{id}]"));
    add_command_options(id, text)
}

fn format_message(bundle: &Bundle, id: &str, args: Option<&FluentArgs<'_>>) -> Option<String> {
    let pattern = bundle.get_message(id)?.value()?;
    let mut errors = Vec::new();
    Some(bundle.format_pattern(pattern, args, &mut errors).into_owned())
}

/// A value for a `{ $name }` of a message: text, or a number that selects the plural form.
pub trait MessageArg {
    /// Converts the value for Fluent.
    fn to_fluent(&self) -> FluentValue<'_>;
}

macro_rules! impl_text_arg {
    ($($kind:ty),*) => {$(
        impl MessageArg for $kind {
            fn to_fluent(&self) -> FluentValue<'_> {
                FluentValue::String(Cow::Borrowed(self.as_ref()))
            }
        }
    )*};
}
impl_text_arg!(str, String, Cow<'_, str>);

/// The largest integer up to which all are exact as `f64`.
const MAX_EXACT_INTEGER: u64 = 1 << 53;

macro_rules! impl_number_arg {
    ($($kind:ty),*) => {$(
        impl MessageArg for $kind {
            fn to_fluent(&self) -> FluentValue<'_> {
                // Fluent's numbers are `f64`; a larger number would lose its last digits.
                match i64::try_from(*self) {
                    Ok(number) if number.unsigned_abs() <= MAX_EXACT_INTEGER => FluentValue::from(*self),
                    _ => FluentValue::String(self.to_string().into()),
                }
            }
        }
    )*};
}
impl_number_arg!(u8, u16, u32, u64, usize, i32, i64);

impl<T: MessageArg + ?Sized> MessageArg for &T {
    fn to_fluent(&self) -> FluentValue<'_> {
        (**self).to_fluent()
    }
}

impl MessageArg for std::path::PathBuf {
    fn to_fluent(&self) -> FluentValue<'_> {
        FluentValue::String(self.to_string_lossy())
    }
}

impl MessageArg for std::path::Path {
    fn to_fluent(&self) -> FluentValue<'_> {
        FluentValue::String(self.to_string_lossy())
    }
}

/// Formats a message in the given language: `t_in!(lang, "bind-done-title", user = name)`.
#[macro_export]
macro_rules! t_in {
    ($lang:expr, $id:literal) => {
        $crate::i18n::translate($lang, $id)
    };
    ($lang:expr, $id:literal, $($name:ident = $value:expr),+ $(,)?) => {
        $crate::i18n::translate_with($lang, $id, &[$((stringify!($name), &$value)),+])
    };
}

/// Formats a message in the language of the process: `t!("user-exists", user = name)`.
#[macro_export]
macro_rules! t {
    ($id:literal $($rest:tt)*) => {
        $crate::t_in!($crate::i18n::current_language(), $id $($rest)*)
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_message_parses_alone_as_in_the_whole_catalogue() {
        let parse = |text: &str| {
            let mut bundle = Bundle::new_concurrent(Vec::new());
            let resource = FluentResource::try_new(text.to_owned()).expect("it parses");
            let messages = resource.entries().filter(|entry| format!("{entry:?}").starts_with("Message")).count();
            bundle.add_resource(resource).expect("each ID is unique");
            (bundle, messages)
        };
        for text in [EN, ZH] {
            let (whole, messages) = parse(text);
            let ids = text.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()));
            let ids: Vec<&str> = ids.filter_map(|line| line.split(' ').next()).collect();
            for id in &ids {
                let (alone, _) = parse(message_source(text, id).expect("it is found"));
                let pattern_in = |bundle: &Bundle| format!("{:?}", bundle.get_message(id).and_then(|it| it.value()));
                assert_eq!(pattern_in(&alone), pattern_in(&whole), "{id}");
            }
            assert_eq!(ids.len(), messages);
        }
    }

    #[test]
    fn arguments_are_filled_in_without_marks_around_them() {
        assert_eq!(t_in!(Lang::En, "user-exists", user = "luffy"), "a user named luffy already exists");
    }

    #[test]
    fn numbers_keep_all_their_digits() {
        for number in [i64::MAX, i64::MIN, (1 << 53) + 1, 7] {
            let said = t_in!(Lang::En, "user-unknown", user = number, path = "f.db");
            assert_eq!(said, format!("there is no user {number} in f.db"));
        }
    }

    #[test]
    fn each_language_has_its_own_words() {
        assert_eq!(t_in!(Lang::Zh, "user-exists", user = "luffy"), "用户“luffy”已存在");
    }
}
