//! Text set into lines: fonts, wrapping, writing from right to left.
//!
//! A sign that no font has is set as [`REPLACEMENT_SIGN`] and remembered, because a file with the glyph of a missing
//! sign is no valid PDF/UA.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use parley::fontique::{Blob, Collection, CollectionOptions, SourceCache};
use parley::{
    Alignment, AlignmentOptions, BaseDirection, FontContext, FontFamily, FontFamilyName, FontWeight, Layout,
    LayoutContext, LineHeight, OverflowWrap, StyleProperty,
};

use super::LetterPdfError;
use crate::http::pages::{self, MessageSpan};

/// The sign set in place of one that no font has: an empty box.
pub(super) const REPLACEMENT_SIGN: char = '\u{25a1}';

const FONT_FILES: [&str; 11] = [
    "NotoSans-Regular.ttf",
    "NotoSans-Bold.ttf",
    "NotoSansArabic-Regular.ttf",
    "NotoSansArabic-Bold.ttf",
    "NotoSansHebrew-Regular.ttf",
    "NotoSansHebrew-Bold.ttf",
    "NotoSansArmenian-Regular.ttf",
    "NotoSansArmenian-Bold.ttf",
    "NotoSansGeorgian-Regular.ttf",
    "NotoSansGeorgian-Bold.ttf",
    "DejaVuSansMono-Bold.ttf",
];
const MONOSPACED_FAMILY: &str = "DejaVu Sans Mono";
/// The families of running text, in the order in which they are asked for a sign. The last one has the scissors.
const TEXT_FAMILIES: [&str; 6] = [
    "Noto Sans",
    "Noto Sans Arabic",
    "Noto Sans Hebrew",
    "Noto Sans Armenian",
    "Noto Sans Georgian",
    MONOSPACED_FAMILY,
];
/// The width of each sign of the monospaced font, as a part of the font's size.
pub(super) const MONOSPACED_ADVANCE: f32 = 0.602_05;

/// The look of a block of text. Sizes are in points.
#[derive(Clone, Copy, Debug)]
pub(super) struct TextStyle {
    pub size: f32,
    /// The height of a line, as a multiple of the size.
    pub line_height: f32,
    pub bold: bool,
    /// For identifiants and codes: 0 has a dot, 1 and l differ.
    pub monospaced: bool,
    pub alignment: Alignment,
}

impl TextStyle {
    pub(super) const fn plain(size: f32) -> Self {
        TextStyle { size, line_height: 1.4, bold: false, monospaced: false, alignment: Alignment::Left }
    }

    pub(super) const fn bold(size: f32) -> Self {
        TextStyle { bold: true, ..TextStyle::plain(size) }
    }

    pub(super) const fn monospaced(size: f32) -> Self {
        TextStyle { monospaced: true, line_height: 1.25, ..TextStyle::bold(size) }
    }

    pub(super) const fn aligned(self, alignment: Alignment) -> Self {
        TextStyle { alignment, ..self }
    }
}

/// A block of text in lines, without a place yet.
pub(super) struct TextBlock {
    pub layout: Layout<()>,
    pub text: String,
    /// The signs of the text that no font has.
    pub unprintable: Vec<char>,
}

impl TextBlock {
    pub(super) fn height(&self) -> f32 {
        self.layout.height()
    }
}

/// The number of blocks that are kept: those of a few letters, whose words are mostly the same.
const MAX_KEPT_BLOCKS: usize = 1_000;

/// A text with its look and width, floating-point numbers as their bits.
#[derive(PartialEq, Eq, Hash)]
struct BlockKey {
    spans: Vec<MessageSpan>,
    numbers: [u32; 3],
    bold: bool,
    monospaced: bool,
    alignment: u8,
}

/// Sets text with the embedded fonts alone; the machine's own are never looked for.
pub(super) struct TypeSetter {
    fonts: FontContext,
    layouts: LayoutContext<()>,
    kept: HashMap<BlockKey, Rc<TextBlock>>,
}

impl TypeSetter {
    pub(super) fn new() -> Result<Self, LetterPdfError> {
        let options = CollectionOptions { shared: false, system_fonts: false };
        let mut collection = Collection::new(options);
        for file in FONT_FILES {
            let bytes = pages::font(file).ok_or(LetterPdfError::Font(file))?;
            if collection.register_fonts(Blob::new(Arc::new(bytes)), None).is_empty() {
                return Err(LetterPdfError::Font(file));
            }
        }
        let fonts = FontContext { collection, source_cache: SourceCache::default() };
        Ok(TypeSetter { fonts, layouts: LayoutContext::new(), kept: HashMap::new() })
    }

    /// Sets text within a width. The same text is set once in a while only.
    pub(super) fn set(&mut self, spans: &[MessageSpan], style: TextStyle, width: f32) -> Rc<TextBlock> {
        let key = BlockKey {
            spans: spans.to_vec(),
            numbers: [style.size, style.line_height, width].map(f32::to_bits),
            bold: style.bold,
            monospaced: style.monospaced,
            alignment: style.alignment as u8,
        };
        if let Some(block) = self.kept.get(&key) {
            return Rc::clone(block);
        }
        let block = Rc::new(self.set_anew(spans, style, width));
        if self.kept.len() >= MAX_KEPT_BLOCKS {
            self.kept.clear();
        }
        self.kept.insert(key, Rc::clone(&block));
        block
    }

    fn set_anew(&mut self, spans: &[MessageSpan], style: TextStyle, width: f32) -> TextBlock {
        let mut spans: Vec<MessageSpan> = spans.to_vec();
        replace(&mut spans, |c| if c.is_control() && c != '\n' { ' ' } else { c });
        let mut unprintable = Vec::new();
        loop {
            let block = self.lay_out(&spans, style, width);
            // A mark above a sign that became a box has no font with both: each round may find some that the last hid.
            let missing: Vec<char> = missing_signs(&block).into_iter().filter(|c| *c != REPLACEMENT_SIGN).collect();
            if missing.is_empty() {
                return TextBlock { unprintable, ..block };
            }
            replace(&mut spans, |c| if missing.contains(&c) { REPLACEMENT_SIGN } else { c });
            unprintable.extend(missing);
        }
    }

    fn lay_out(&mut self, spans: &[MessageSpan], style: TextStyle, width: f32) -> TextBlock {
        let text: String = spans.iter().map(|span| span.text.as_str()).collect();
        let families = if style.monospaced { vec![MONOSPACED_FAMILY, "Noto Sans"] } else { TEXT_FAMILIES.to_vec() };
        let families: Vec<FontFamilyName<'_>> = families.into_iter().map(FontFamilyName::named).collect();
        let mut builder = self.layouts.ranged_builder(&mut self.fonts, &text, 1.0, false);
        builder.set_base_direction(BaseDirection::Ltr);
        builder.push_default(StyleProperty::FontFamily(FontFamily::List(families.into())));
        builder.push_default(StyleProperty::FontSize(style.size));
        builder.push_default(StyleProperty::FontWeight(if style.bold { FontWeight::BOLD } else { FontWeight::NORMAL }));
        builder.push_default(StyleProperty::LineHeight(LineHeight::FontSizeRelative(style.line_height)));
        builder.push_default(StyleProperty::OverflowWrap(OverflowWrap::Anywhere));
        let mut start = 0;
        for span in spans {
            let end = start + span.text.len();
            if span.bold {
                builder.push(StyleProperty::FontWeight(FontWeight::BOLD), start..end);
            }
            start = end;
        }
        let mut layout = builder.build(&text);
        layout.break_all_lines(Some(width));
        layout.align(style.alignment, AlignmentOptions::default());
        TextBlock { layout, text, unprintable: Vec::new() }
    }
}

fn replace(spans: &mut [MessageSpan], sign: impl Fn(char) -> char) {
    for span in spans {
        span.text = span.text.chars().map(&sign).collect();
    }
}

/// Returns the signs that are set with the glyph of a missing sign.
fn missing_signs(block: &TextBlock) -> Vec<char> {
    let mut out = Vec::new();
    for run in block.layout.lines().flat_map(|line| line.runs().collect::<Vec<_>>()) {
        for cluster in run.clusters().filter(|cluster| cluster.glyphs().any(|glyph| glyph.id == 0)) {
            let signs = block.text.get(cluster.text_range()).unwrap_or_default().chars();
            out.extend(signs.filter(|c| !c.is_control()));
        }
    }
    out.sort_unstable();
    out.dedup();
    out
}
