//! The catalogue of everything a person reads: errors, hints, prompts, phone pages, sandbox pages.
//!
//! One Fluent file a language (`en.ftl`, `zh-CN.ftl`), read when the first word is said. A message that a
//! language lacks is shown in English. Errors render themselves through `Display`, which carries no
//! language, so the language of the run is process-wide ([`set_language`]): set at the start by the environment, and
//! again by the config once it has been read;
//! pages answered to a phone name theirs with [`t_in!`](crate::t_in).

mod format;
mod locale;

use std::borrow::Cow;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU8, Ordering};

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

pub use format::{
    closest_match, error_text, io_error_text, join_clauses, join_first, join_list, json_error,
    json_error_without_position, library_error_text, long_duration, redact_value, relative_time, short_duration,
    system_error_text,
};
pub use locale::{LocaleChoice, detect_locale, negotiate_language};

/// The English catalogue, which has every message.
pub const EN: &str = include_str!("en.ftl");
/// The Simplified Chinese catalogue.
pub const ZH: &str = include_str!("zh-CN.ftl");

/// A language that wxbox can speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Lang {
    /// English.
    En = 0,
    /// Simplified Chinese.
    Zh = 1,
}

impl Lang {
    /// The language of a name such as `zh`, `zh-CN` or `en_GB`; `None` where wxbox does not speak it.
    pub fn from_name(name: &str) -> Option<Self> {
        match name.split(['_', '-', '.', '@']).next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "zh" => Some(Self::Zh),
            "en" | "c" | "posix" => Some(Self::En),
            _ => None,
        }
    }

    /// The word for it in the config and in `WXBOX_LANG`.
    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh",
        }
    }

    /// Its tag, as pages name it.
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh-CN",
        }
    }
}

static CURRENT_LANG: AtomicU8 = AtomicU8::new(Lang::En as u8);

/// Makes `lang` the language of all that is said without naming one.
pub fn set_language(lang: Lang) {
    CURRENT_LANG.store(lang as u8, Ordering::Relaxed);
}

/// The language of the run.
pub fn current_language() -> Lang {
    if CURRENT_LANG.load(Ordering::Relaxed) == Lang::Zh as u8 { Lang::Zh } else { Lang::En }
}

type Bundle = FluentBundle<FluentResource>;

static ENGLISH: LazyLock<Bundle> = LazyLock::new(|| load_bundle(EN, Lang::En));
static CHINESE: LazyLock<Bundle> = LazyLock::new(|| load_bundle(ZH, Lang::Zh));

fn load_bundle(text: &str, lang: Lang) -> Bundle {
    let mut bundle = Bundle::new_concurrent(vec![lang.tag().parse::<LanguageIdentifier>().unwrap_or_default()]);
    // Terminals show the invisible isolation marks as boxes, and they would end up in copied values.
    bundle.set_use_isolating(false);
    // What does not parse is left out of the resource; a test holds both files to parse whole.
    let resource = FluentResource::try_new(text.to_owned()).unwrap_or_else(|(partial, _)| partial);
    bundle.add_resource_overriding(resource);
    bundle
}

/// The message `id` in `lang`; use [`t!`](crate::t) or [`t_in!`](crate::t_in).
pub fn translate(lang: Lang, id: &str) -> String {
    lookup(lang, id, None)
}

/// The message `id` in `lang` with its arguments; use [`t!`](crate::t) or [`t_in!`](crate::t_in).
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
        Lang::Zh => format_message(&CHINESE, id, args),
    };
    translated.or_else(|| format_message(&ENGLISH, id, args)).unwrap_or_else(|| format!("[{id}]"))
}

fn format_message(bundle: &Bundle, id: &str, args: Option<&FluentArgs<'_>>) -> Option<String> {
    let pattern = bundle.get_message(id)?.value()?;
    let mut errors = Vec::new();
    Some(bundle.format_pattern(pattern, args, &mut errors).into_owned())
}

/// What may fill a `{ $name }` of a message: text as it is, numbers so that plurals work.
pub trait MessageArg {
    /// The value as Fluent takes it.
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

/// The integers up to here are exact as binary fractions.
const MAX_EXACT_INTEGER: u64 = 1 << 53;

macro_rules! impl_number_arg {
    ($($kind:ty),*) => {$(
        impl MessageArg for $kind {
            fn to_fluent(&self) -> FluentValue<'_> {
                // Fluent's numbers are binary fractions; beyond these the last digits would be others.
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

/// The message of that id in the given language: `t_in!(lang, "bind-done-title", user = name)`.
#[macro_export]
macro_rules! t_in {
    ($lang:expr, $id:literal) => {
        $crate::i18n::translate($lang, $id)
    };
    ($lang:expr, $id:literal, $($name:ident = $value:expr),+ $(,)?) => {
        $crate::i18n::translate_with($lang, $id, &[$((stringify!($name), &$value)),+])
    };
}

/// The message of that id in the language of the run: `t!("user-exists", user = name)`.
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
    fn both_catalogues_parse_whole() {
        for text in [EN, ZH] {
            if let Err((_, errors)) = FluentResource::try_new(text.to_owned()) {
                panic!("{errors:?}");
            }
        }
    }

    #[test]
    fn arguments_are_filled_in_without_marks_around_them() {
        assert_eq!(t_in!(Lang::En, "user-exists", user = "luffy"), "a user named luffy exists already");
    }

    #[test]
    fn numbers_keep_all_their_digits() {
        for number in [i64::MAX, i64::MIN, (1 << 53) + 1, 7] {
            let said = t_in!(Lang::En, "user-unknown", user = number, path = "f.db");
            assert_eq!(said, format!("no user is named {number} in f.db"));
        }
    }

    #[test]
    fn each_language_has_its_own_words() {
        assert_eq!(t_in!(Lang::Zh, "user-exists", user = "luffy"), "已有名为 luffy 的用户");
    }
}
