//! The file: pages drawn with their structure, so that the text can be searched and read aloud (PDF/UA-1, which the
//! library validates).

use std::collections::{BTreeSet, HashMap};
use std::num::NonZeroU16;

use krilla::Document;
use krilla::SerializeSettings;
use krilla::color::luma;
use krilla::configure::{Accessibility, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::geom::{Point, Rect};
use krilla::metadata::Metadata;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, LineCap, Stroke, StrokeDash};
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, BBox, ContentTag, Identifier, ListNumbering, SpanTag, Tag, TagGroup, TagTree,
};
use krilla::text::{Font, GlyphId, KrillaGlyph};
use parley::FontData;

use super::page::{Ink, PAGE_HEIGHT, PAGE_WIDTH, PageItem, Role, mm};
use super::text::TextBlock;
use super::{LetterPdfError, PdfFile, UnprintableSign};
use crate::base::lang::Lang;

/// A page and its line in the outline.
pub(super) struct FinishedPage {
    pub title: String,
    pub items: Vec<PageItem>,
}

/// A file under construction.
pub(super) struct PdfWriter {
    document: Document,
    tags: TagTree,
    outline: Outline,
    fonts: HashMap<u64, Font>,
    pages: usize,
    unprintable: Vec<UnprintableSign>,
}

impl PdfWriter {
    pub(super) fn new(lang: Lang, title: &str, service: &str) -> Result<Self, LetterPdfError> {
        let configuration = ConfigurationBuilder::new()
            .with_accessibility_validator(Accessibility::UA1)
            .finish()
            .map_err(|error| LetterPdfError::Pdf(format!("{error:?}")))?;
        let settings = SerializeSettings { configuration, enable_tagging: true, ..SerializeSettings::default() };
        let mut document = Document::new_with(settings);
        let metadata = Metadata::new()
            .title(title.to_owned())
            .authors(vec![service.to_owned()])
            .creator("Préau".to_owned())
            .language(lang.tag().to_owned());
        document.set_metadata(metadata);
        Ok(PdfWriter {
            document,
            tags: TagTree::new().with_lang(Some(lang.tag().to_owned())),
            outline: Outline::new(),
            fonts: HashMap::new(),
            pages: 0,
            unprintable: Vec::new(),
        })
    }

    /// Draws a page.
    pub(super) fn add(&mut self, finished: FinishedPage) -> Result<(), LetterPdfError> {
        let size = PageSettings::from_wh(PAGE_WIDTH, PAGE_HEIGHT).ok_or_else(|| failed("the size of a page"))?;
        let mut section = TagGroup::new(Tag::Section);
        let mut list: Option<OpenList> = None;
        let mut unprintable = BTreeSet::new();
        let mut page = self.document.start_page_with(size);
        let mut surface = page.surface();
        for item in &finished.items {
            if !matches!(item.role, Role::ListLabel | Role::ListBody | Role::Decoration)
                && let Some(open) = list.take()
            {
                section.push(open.close());
            }
            let marks = draw(&mut surface, &mut self.fonts, item)?;
            if let Ink::Text(block) = &item.ink {
                unprintable.extend(&block.unprintable);
            }
            match &item.role {
                Role::Decoration => {}
                Role::Heading(level) => {
                    let level = NonZeroU16::new(*level).unwrap_or(NonZeroU16::MIN);
                    let title = match &item.ink {
                        Ink::Text(block) => Some(block.text.clone()),
                        _ => None,
                    };
                    section.push(with_marks(Tag::Hn(level, title), marks));
                }
                Role::Paragraph => section.push(with_marks(Tag::P, marks)),
                Role::Figure(alt) => {
                    let bounds = Rect::from_xywh(item.left, item.top, item.width, item.height);
                    let bounds = bounds.map(|rect| BBox::new(self.pages, rect));
                    section.push(with_marks(Tag::Figure(Some(alt.clone())).with_bbox(bounds), marks));
                }
                Role::ListLabel => list.get_or_insert_with(OpenList::new).begin(with_marks(Tag::Lbl, marks)),
                Role::ListBody => list.get_or_insert_with(OpenList::new).add(marks),
            }
        }
        if let Some(open) = list.take() {
            section.push(open.close());
        }
        surface.finish();
        page.finish();
        self.tags.push(section);
        let top = XyzDestination::new(self.pages, Point::from_xy(0.0, 0.0));
        self.outline.push_child(OutlineNode::new(finished.title, top));
        self.pages += 1;
        let sheet = self.pages;
        self.unprintable.extend(unprintable.into_iter().map(|sign| UnprintableSign { sheet, sign }));
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<PdfFile, LetterPdfError> {
        self.document.set_tag_tree(self.tags);
        self.document.set_outline(self.outline);
        let bytes = self.document.finish().map_err(|error| LetterPdfError::Pdf(format!("{error:?}")))?;
        Ok(PdfFile { bytes, unprintable: self.unprintable })
    }
}

/// A list whose items are still coming.
struct OpenList {
    list: TagGroup,
    item: Option<(TagGroup, TagGroup)>,
}

impl OpenList {
    fn new() -> Self {
        OpenList { list: TagGroup::new(Tag::L(ListNumbering::Decimal)), item: None }
    }

    fn begin(&mut self, label: TagGroup) {
        self.end_item();
        self.item = Some((label, TagGroup::new(Tag::LBody)));
    }

    fn add(&mut self, marks: Vec<Identifier>) {
        if let Some((_, body)) = &mut self.item {
            body.push(with_marks(Tag::P, marks));
        }
    }

    fn end_item(&mut self) {
        if let Some((label, body)) = self.item.take() {
            let mut item = TagGroup::new(Tag::LI);
            item.push(label);
            item.push(body);
            self.list.push(item);
        }
    }

    fn close(mut self) -> TagGroup {
        self.end_item();
        self.list
    }
}

fn with_marks(tag: impl Into<krilla::tagging::TagKind>, marks: Vec<Identifier>) -> TagGroup {
    let mut group = TagGroup::new(tag);
    marks.into_iter().for_each(|mark| group.push(mark));
    group
}

fn failed(why: &str) -> LetterPdfError {
    LetterPdfError::Pdf(why.to_owned())
}

/// Draws an item and returns the marks of its content.
fn draw(
    surface: &mut Surface<'_>,
    fonts: &mut HashMap<u64, Font>,
    item: &PageItem,
) -> Result<Vec<Identifier>, LetterPdfError> {
    let tag = match item.role {
        Role::Decoration => ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)),
        _ => ContentTag::Other,
    };
    match &item.ink {
        Ink::Text(block) => draw_text(surface, fonts, block, (item.left, item.top)),
        Ink::Fill(path) => {
            let mark = surface.start_tagged(tag);
            surface.set_stroke(None);
            surface.set_fill(Some(black()));
            surface.draw_path(path);
            surface.end_tagged();
            Ok(vec![mark])
        }
        Ink::Stroke { path, width, dashed } => {
            let mark = surface.start_tagged(tag);
            let dash = dashed.then(|| StrokeDash { array: vec![mm(1.2), mm(0.8)], offset: 0.0 });
            surface.set_fill(None);
            surface.set_stroke(Some(Stroke { width: *width, dash, line_cap: LineCap::Butt, ..Stroke::default() }));
            surface.draw_path(path);
            surface.end_tagged();
            Ok(vec![mark])
        }
    }
}

fn black() -> Fill {
    Fill { paint: luma::Color::black().into(), ..Fill::default() }
}

/// Glyphs of one font that are drawn at once, and where they begin.
pub(super) struct GlyphRun {
    pub line: usize,
    pub x: f32,
    pub y: f32,
    pub font: FontData,
    pub size: f32,
    pub glyphs: Vec<KrillaGlyph>,
}

/// Returns the glyphs of a text, in the order of the eye from left to right, each with the part of the text it stands
/// for.
pub(super) fn runs(block: &TextBlock) -> Vec<GlyphRun> {
    let mut out = Vec::new();
    for (number, line) in block.layout.lines().enumerate() {
        let metrics = line.metrics();
        let mut x = metrics.offset;
        for run in line.runs() {
            let (start, size) = (x, run.font_size());
            let mut glyphs: Vec<KrillaGlyph> = Vec::with_capacity(run.len());
            // The text of a whole ligature belongs to its only glyph, else a letter is lost in a search. Its other
            // letters come after the glyph, or before it where the text runs from right to left.
            let mut end_of_ligature = None;
            for cluster in run.visual_clusters().filter(|cluster| !cluster.is_hard_line_break()) {
                let mut range = cluster.text_range();
                match (cluster.is_ligature_continuation(), run.is_rtl()) {
                    (true, true) => {
                        end_of_ligature.get_or_insert(range.end);
                        continue;
                    }
                    (true, false) => {
                        if let Some(ligature) = glyphs.last_mut() {
                            ligature.text_range.end = ligature.text_range.end.max(range.end);
                        }
                        continue;
                    }
                    (false, _) => range.end = end_of_ligature.take().unwrap_or(range.end),
                }
                for glyph in cluster.glyphs() {
                    let id = GlyphId::new(glyph.id);
                    // The vertical axis of a layout points down, a font's up.
                    let (advance, dx, dy) = (glyph.advance / size, glyph.x / size, -glyph.y / size);
                    glyphs.push(KrillaGlyph::new(id, advance, dx, dy, 0.0, range.clone(), None));
                    x += glyph.advance;
                }
            }
            if !glyphs.is_empty() {
                out.push(GlyphRun {
                    line: number,
                    x: start,
                    y: metrics.baseline,
                    font: run.font().clone(),
                    size,
                    glyphs,
                });
            }
        }
    }
    out
}

/// Draws each line of a text as marked content of its own.
fn draw_text(
    surface: &mut Surface<'_>,
    fonts: &mut HashMap<u64, Font>,
    block: &TextBlock,
    (left, top): (f32, f32),
) -> Result<Vec<Identifier>, LetterPdfError> {
    let mut marks = Vec::new();
    surface.set_stroke(None);
    surface.set_fill(Some(black()));
    for line in runs(block).chunk_by(|one, next| one.line == next.line) {
        marks.push(surface.start_tagged(ContentTag::Span(SpanTag::empty())));
        for run in line {
            let font = match fonts.get(&run.font.data.id()) {
                Some(font) => font.clone(),
                None => {
                    let (bytes, id) = run.font.data.clone().into_raw_parts();
                    let font = Font::new(bytes.into(), run.font.index).ok_or_else(|| failed("a font"))?;
                    fonts.insert(id, font.clone());
                    font
                }
            };
            let start = Point::from_xy(left + run.x, top + run.y);
            surface.draw_glyphs(start, &run.glyphs, font, &block.text, run.size, false);
        }
        surface.end_tagged();
    }
    Ok(marks)
}
