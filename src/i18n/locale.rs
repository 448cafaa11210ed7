//! Selects the language: by the environment of a process, or by the `Accept-Language` of a browser.

use super::Lang;

/// The maximum number of languages that are read from a header.
const MAX_LANGUAGE_RANGES: usize = 32;

/// The language that the environment selects.
#[derive(Debug, PartialEq, Eq)]
pub struct LocaleChoice {
    /// The language.
    pub lang: Lang,
    /// The value of `WXBOX_LANG` if it is not supported; it then counts as unset.
    pub unsupported: Option<String>,
}

/// Selects the language by `WXBOX_LANG`, else by the first of `LC_ALL`, `LC_MESSAGES` and `LANG`
/// that is set, as POSIX defines it. `value` returns the value of a variable.
pub fn detect_locale(value: impl Fn(&str) -> Option<String>) -> LocaleChoice {
    let lookup = |name: &str| value(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let explicit = lookup("WXBOX_LANG");
    if let Some(lang) = explicit.as_deref().and_then(Lang::from_name) {
        return LocaleChoice { lang, unsupported: None };
    }
    let locale = lookup("LC_ALL").or_else(|| lookup("LC_MESSAGES")).or_else(|| lookup("LANG"));
    LocaleChoice { lang: lang_from_locale(locale.as_deref().unwrap_or_default()), unsupported: explicit }
}

/// Returns the language of a locale such as `zh_CN.UTF-8`. The default is English, also for a
/// locale with another encoding than UTF-8: a terminal that expects GBK would show Chinese text
/// garbled.
pub fn lang_from_locale(name: &str) -> Lang {
    let encoding = name.split_once('.').map(|(_, rest)| rest.split('@').next().unwrap_or_default());
    let utf8 = encoding.is_none_or(|name| ["utf-8", "utf8"].iter().any(|utf8| name.eq_ignore_ascii_case(utf8)));
    Lang::from_name(name).filter(|_| utf8).unwrap_or(Lang::En)
}

/// Returns the supported language that the browser prefers: the one with the highest `q`, the first
/// of several, else `default`.
pub fn negotiate_language(header: Option<&str>, default: Lang) -> Lang {
    let mut best = (0.0, default);
    for item in header.unwrap_or_default().split(',').take(MAX_LANGUAGE_RANGES) {
        let mut parts = item.split(';').map(str::trim);
        let lang = match parts.next().unwrap_or_default().split('-').next() {
            Some(tag) if tag.eq_ignore_ascii_case("en") => Lang::En,
            Some(tag) if tag.eq_ignore_ascii_case("zh") => Lang::Zh,
            _ => continue,
        };
        let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(1.0, |q| q.parse().unwrap_or(0.0_f32));
        if weight > best.0 && weight <= 1.0 {
            best = (weight, lang);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wxbox_lang_wins_over_the_locale_and_the_first_that_is_set_over_those_behind() {
        for (set, lang, unknown) in [
            (vec![], Lang::En, None),
            (vec![("LANG", "zh_CN.UTF-8")], Lang::Zh, None),
            (vec![("LANG", "zh_CN.UTF-8"), ("LC_MESSAGES", "en_GB.UTF-8")], Lang::En, None),
            (vec![("LANG", "en_US.UTF-8"), ("LC_MESSAGES", "zh_CN.UTF-8")], Lang::Zh, None),
            (vec![("LC_ALL", "C"), ("LC_MESSAGES", "zh_CN.UTF-8"), ("LANG", "zh_CN.UTF-8")], Lang::En, None),
            (vec![("LC_ALL", ""), ("LC_MESSAGES", ""), ("LANG", "zh_CN.UTF-8")], Lang::Zh, None),
            (vec![("LC_CTYPE", "zh_CN.UTF-8")], Lang::En, None),
            (vec![("WXBOX_LANG", "zh"), ("LC_ALL", "C")], Lang::Zh, None),
            (vec![("WXBOX_LANG", " zh-CN "), ("LANG", "C")], Lang::Zh, None),
            (vec![("WXBOX_LANG", "en"), ("LC_ALL", "zh_CN.UTF-8")], Lang::En, None),
            (vec![("WXBOX_LANG", "C"), ("LC_ALL", "zh_CN.UTF-8")], Lang::En, None),
            (vec![("WXBOX_LANG", ""), ("LC_ALL", "zh_CN.UTF-8")], Lang::Zh, None),
            (vec![("WXBOX_LANG", "fr"), ("LC_ALL", "zh_CN.UTF-8")], Lang::Zh, Some("fr")),
            (vec![("WXBOX_LANG", "chinese")], Lang::En, Some("chinese")),
        ] {
            let value = |name: &str| set.iter().find(|(it, _)| *it == name).map(|(_, value)| (*value).to_owned());
            assert_eq!(detect_locale(value), LocaleChoice { lang, unsupported: unknown.map(str::to_owned) }, "{set:?}");
        }
    }

    #[test]
    fn a_locale_names_a_language() {
        for (name, lang) in [
            ("zh_CN.UTF-8", Lang::Zh),
            ("zh_CN.utf8@pinyin", Lang::Zh),
            ("zh_CN", Lang::Zh),
            ("zh", Lang::Zh),
            ("ZH-hans", Lang::Zh),
            ("zh_CN.GB18030", Lang::En),
            ("zh_TW.Big5", Lang::En),
            ("C.UTF-8", Lang::En),
            ("fr_FR.UTF-8", Lang::En),
            ("", Lang::En),
            ("zhx", Lang::En),
        ] {
            assert_eq!(lang_from_locale(name), lang, "{name}");
        }
    }

    #[test]
    fn a_browser_gets_what_it_puts_first() {
        for header in [
            None,
            Some(""),
            Some("zh-CN,zh;q=0.9,en;q=0.8"),
            Some("fr, *;q=0.5"),
            Some("en;q=0.3, zh;q=0.4"),
            Some("zh, en"),
            Some("en;q=0"),
            Some("en;q=7, en;q=NaN, en;q=-1, en;q="),
            Some(";;;,,,=q;q=q"),
        ] {
            assert_eq!(negotiate_language(header, Lang::Zh), Lang::Zh, "{header:?}");
        }
        for header in ["en", "EN-us,en;q=0.9,zh;q=0.8", "fr, en;q=0.2", "en, zh", "zh;q=0.1, en;q=0.2", "en ; q=0.5"] {
            assert_eq!(negotiate_language(Some(header), Lang::Zh), Lang::En, "{header}");
        }
        assert_eq!(negotiate_language(Some("fr"), Lang::En), Lang::En);
        assert_eq!(negotiate_language(Some("zh-TW"), Lang::En), Lang::Zh);
    }
}
