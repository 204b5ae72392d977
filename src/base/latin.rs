//! Transliteration to a–z of Latin letters without a Unicode decomposition.
//!
//! `é` is an `e` with a mark, but `ı` is a separate letter: no decomposition turns « Yıldız » into YILDIZ, the spelling
//! in SIECLE, which supports only ISO-8859-15. The table has the letters of Latin-1, Extended-A, Extended-B, IPA
//! extensions, Extended-C and Extended Additional that remain after NFKD, in lower case; a test checks the whole range.
//! Displayed names keep their letters: the table serves comparison and newly assigned identifiants only.

/// Returns the a–z spelling of a lower-case letter without decomposition.
pub fn transliterate(letter: char) -> Option<&'static str> {
    Some(match letter {
        'ⱥ' | 'ɐ' | 'ɑ' | 'ɒ' => "a",
        'æ' => "ae",
        'ƀ' | 'ƃ' | 'ƅ' | 'ɓ' | 'ʙ' => "b",
        'ƈ' | 'ȼ' | 'ɕ' | 'ʗ' => "c",
        'đ' | 'ð' | 'ƌ' | 'ƍ' | 'ȡ' | 'ɖ' | 'ɗ' | 'ẟ' => "d",
        'ȸ' => "db",
        'ʣ' | 'ʤ' | 'ʥ' => "dz",
        'ǝ' | 'ɇ' | 'ə' | 'ɘ' | 'ɚ' | 'ɛ' | 'ɜ' | 'ɝ' | 'ɞ' | 'ʚ' | 'ⱸ' | 'ⱻ' => "e",
        'ƒ' | 'ɸ' | 'ⱷ' => "f",
        'ʩ' => "fng",
        'ǥ' | 'ɠ' | 'ɡ' | 'ɢ' | 'ɣ' | 'ʛ' => "g",
        'ƣ' => "gh",
        'ħ' | 'ɥ' | 'ɦ' | 'ɧ' | 'ʜ' | 'ʮ' | 'ʯ' | 'ⱨ' | 'ⱶ' => "h",
        'ƕ' => "hv",
        'ı' | 'ɨ' | 'ɩ' | 'ɪ' => "i",
        'ȷ' | 'ɉ' | 'ɟ' | 'ʄ' | 'ʝ' => "j",
        'ĸ' | 'ƙ' | 'ʞ' | 'ⱪ' => "k",
        'ł' | 'ƚ' | 'ƛ' | 'ȴ' | 'ɫ' | 'ɬ' | 'ɭ' | 'ʟ' | 'ⱡ' => "l",
        'ỻ' => "ll",
        'ʪ' => "ls",
        'ɮ' | 'ʫ' => "lz",
        'ɱ' => "m",
        'ŋ' | 'ƞ' | 'ȵ' | 'ɲ' | 'ɳ' | 'ɴ' => "n",
        'ø' | 'ɔ' | 'ɵ' | 'ɤ' | 'ɷ' | 'ⱺ' => "o",
        'œ' | 'ɶ' => "oe",
        'ȣ' => "ou",
        'ƥ' | 'ᵽ' => "p",
        'ɋ' | 'ʠ' => "q",
        'ȹ' => "qp",
        'ɍ' | 'ɹ' | 'ɺ' | 'ɻ' | 'ɼ' | 'ɽ' | 'ɾ' | 'ɿ' | 'ʀ' | 'ʁ' | 'ⱹ' => "r",
        'ƨ' | 'ƪ' | 'ȿ' | 'ʂ' | 'ʃ' | 'ʅ' | 'ʆ' | 'ẜ' | 'ẝ' => "s",
        'ß' => "ss",
        'ŧ' | 'ƫ' | 'ƭ' | 'ȶ' | 'ʇ' | 'ʈ' | 'ⱦ' => "t",
        'ʨ' => "tc",
        'þ' => "th",
        'ʦ' | 'ʧ' => "ts",
        'ʉ' | 'ʊ' => "u",
        'ʋ' | 'ʌ' | 'ỽ' | 'ⱱ' | 'ⱴ' => "v",
        'ƿ' | 'ɯ' | 'ɰ' | 'ʍ' | 'ⱳ' => "w",
        'ƴ' | 'ȝ' | 'ɏ' | 'ʎ' | 'ʏ' | 'ỿ' => "y",
        'ƶ' | 'ƹ' | 'ƺ' | 'ȥ' | 'ɀ' | 'ʐ' | 'ʑ' | 'ʒ' | 'ʓ' | 'ⱬ' => "z",
        _ => return None,
    })
}

/// True for signs that Unicode counts as letters but that are usually not typed: glottal stops, clicks, tones. Folding
/// drops such signs like an apostrophe.
pub fn is_ignored(letter: char) -> bool {
    matches!(
        letter,
        'ƻ' | 'ƽ'
            | 'ƾ'
            | 'ǀ'
            | 'ǁ'
            | 'ǂ'
            | 'ǃ'
            | 'ɂ'
            | 'ʔ'
            | 'ʕ'
            | 'ʖ'
            | 'ʘ'
            | 'ʡ'
            | 'ʢ'
            | 'ʬ'
            | 'ʭ'
            | 'ꞌ'
            | 'ꞏ'
    )
}

#[cfg(test)]
mod tests {
    use crate::base::names::fold;

    #[test]
    fn faults_c3_every_latin_letter_is_written_in_a_to_z_or_left_out_on_purpose() {
        let left_out: Vec<char> = "ƻƼƽƾǀǁǂǃɁɂʔʕʖʘʡʢʬʭ".chars().collect();
        // Latin-1, Extended-A and -B, IPA extensions, Extended Additional, Extended-C.
        for block in [0xc0..=0xff, 0x100..=0x24f, 0x250..=0x2af, 0x1e00..=0x1eff, 0x2c60..=0x2c7f] {
            for letter in block.filter_map(char::from_u32).filter(|c| c.is_alphabetic()) {
                let folded = fold(&letter.to_string());
                assert!(folded.bytes().all(|b| b.is_ascii_lowercase()), "{letter} U+{:04X}", u32::from(letter));
                let empty = left_out.contains(&letter);
                assert_eq!(folded.is_empty(), empty, "{letter} U+{:04X}: {folded}", u32::from(letter));
                // Upper and lower case must fold to the same name.
                let upper: String = letter.to_uppercase().collect();
                assert_eq!(fold(&upper), folded, "{letter} and {upper}");
            }
        }
    }
}
