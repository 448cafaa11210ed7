//! Which language a phone would rather read: Chinese, unless its `Accept-Language` puts English first.

use crate::words::Lang;

/// Languages of a header that are looked at.
const LOOKED_AT: usize = 32;

/// English where it stands above Chinese (a higher `q`, or earlier with the same), else Chinese.
pub(super) fn preferred(header: Option<&str>) -> Lang {
    let mut best = (0.0, Lang::Zh);
    for item in header.unwrap_or_default().split(',').take(LOOKED_AT) {
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
    fn chinese_unless_english_is_preferred() {
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
            assert_eq!(preferred(header), Lang::Zh, "{header:?}");
        }
        for header in ["en", "EN-us,en;q=0.9,zh;q=0.8", "fr, en;q=0.2", "en, zh", "zh;q=0.1, en;q=0.2", "en ; q=0.5"] {
            assert_eq!(preferred(Some(header)), Lang::En, "{header}");
        }
    }
}
