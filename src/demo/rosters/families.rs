//! The families of the cast, as data.
//!
//! Each family shows one possible case of an activation. All are invented; mobiles are in the range reserved for
//! fiction unless the story is about another type of number.

pub struct CastParent {
    pub civility: &'static str,
    pub family: &'static str,
    pub usage: Option<&'static str>,
    pub given: &'static str,
    pub phone: &'static str,
    pub level: u8,
    pub relation: u8,
    /// French and English; empty for persons outside of the cast.
    pub story: (&'static str, &'static str),
}

pub struct CastFamilyChild {
    pub family: &'static str,
    pub given: &'static str,
    pub born: (i32, u32, u32),
    pub born_text: &'static str,
    pub uai: &'static str,
    pub class: &'static str,
}

pub struct CastFamily {
    pub parents: &'static [CastParent],
    pub children: &'static [CastFamilyChild],
    /// The school of parents without a link to any child.
    pub unlinked_at: Option<&'static str>,
}

/// A person of the roster: civility, nom de famille, nom d'usage, given name.
type ParentName = (&'static str, &'static str, Option<&'static str>, &'static str);

const fn parent(
    name: ParentName,
    phone: &'static str,
    tie: (u8, u8),
    story: (&'static str, &'static str),
) -> CastParent {
    let (civility, family, usage, given) = name;
    CastParent { civility, family, usage, given, phone, level: tie.0, relation: tie.1, story }
}

const MOTHER_LINK: (u8, u8) = (1, 10);
const FATHER_LINK: (u8, u8) = (1, 20);
const NO_STORY: (&str, &str) = ("", "");

/// A child; the date is kept as text for display and as numbers for the file.
macro_rules! child {
    ($family:literal, $given:literal, $day:literal / $month:literal / $year:literal, $uai:literal, $class:literal) => {
        CastFamilyChild {
            family: $family,
            given: $given,
            born: ($year, parse_two_digits($month), parse_two_digits($day)),
            born_text: concat!($day, "/", $month, "/", $year),
            uai: $uai,
            class: $class,
        }
    };
}

/// Parses two digits, at compile time.
const fn parse_two_digits(text: &str) -> u32 {
    match text.as_bytes() {
        [tens, ones] => (*tens - b'0') as u32 * 10 + (*ones - b'0') as u32,
        _ => 0,
    }
}

/// All people with a story, in the order of their ids: new families are appended.
pub const FAMILIES: &[CastFamily] = &[
    CastFamily {
        parents: &[parent(
            ("MME", "N'DIAYE", Some("LEBŒUF"), "Fatou"),
            "06 39 98 00 01",
            MOTHER_LINK,
            (
                "Deux enfants dans deux établissements, un nom d'usage : le parcours de la notice.",
                "Two children in two schools and a married name: the main path.",
            ),
        )],
        children: &[
            child!("LEBŒUF", "Anaïs", "14" / "02" / 2013, "0349999J", "4 B"),
            child!("LEBŒUF", "Élie", "30" / "11" / 2009, "0349998H", "1GEN1"),
        ],
        unlinked_at: None,
    },
    CastFamily {
        parents: &[
            parent(
                ("M.", "BENALI", None, "Karim"),
                "06 39 98 00 02",
                FATHER_LINK,
                (
                    "Parents séparés : chacun son compte pour la même enfant (voir Sophie MARTIN-ROCHE).",
                    "Separated parents: an account each for the same child (see Sophie MARTIN-ROCHE).",
                ),
            ),
            parent(
                ("MME", "MARTIN-ROCHE", None, "Sophie"),
                "06 39 98 00 03",
                MOTHER_LINK,
                (
                    "Parents séparés : chacun son compte pour la même enfant (voir Karim BENALI).",
                    "Separated parents: an account each for the same child (see Karim BENALI).",
                ),
            ),
        ],
        children: &[child!("BENALI", "Inès", "03" / "05" / 2014, "0349999J", "5 A")],
        unlinked_at: None,
    },
    CastFamily {
        parents: &[parent(
            ("MME", "DE LA TOUR D'OLT", None, "Marie-Hélène"),
            "06 39 98 00 04",
            MOTHER_LINK,
            (
                "Trois enfants, trois établissements, deux académies : un seul compte.",
                "Three children, three schools, two academies: one account.",
            ),
        )],
        children: &[
            child!("DE LA TOUR D'OLT", "Théo", "21" / "09" / 2012, "0349999J", "3 A"),
            child!("DE LA TOUR D'OLT", "Maëlys", "07" / "01" / 2010, "0349998H", "2NDE2"),
            child!("DE LA TOUR D'OLT", "Gaspard", "18" / "06" / 2015, "0319999A", "6 A"),
        ],
        unlinked_at: None,
    },
    CastFamily {
        parents: &[
            parent(
                ("M.", "GARCÍA", None, "Jean-Pierre"),
                "06 39 98 00 05",
                FATHER_LINK,
                (
                    "Deux parents, un seul mobile : distingués par le prénom (voir Marie-Claude GARCÍA).",
                    "Two parents on one mobile, told apart by given name (see Marie-Claude GARCÍA).",
                ),
            ),
            parent(
                ("MME", "PÉREZ", Some("GARCÍA"), "Marie-Claude"),
                "06 39 98 00 05",
                MOTHER_LINK,
                (
                    "Deux parents, un seul mobile : distingués par le prénom (voir Jean-Pierre GARCÍA).",
                    "Two parents on one mobile, told apart by given name (see Jean-Pierre GARCÍA).",
                ),
            ),
        ],
        children: &[child!("GARCÍA", "Léa", "11" / "11" / 2013, "0349999J", "4 A")],
        unlinked_at: None,
    },
    CastFamily {
        parents: &[parent(
            ("MME", "OULD-BRAHIM", None, "Yasmine"),
            "06 39 98 00 06",
            MOTHER_LINK,
            ("Des jumeaux : même date de naissance, même classe.", "Twins: one birth date, one class."),
        )],
        children: &[
            child!("OULD-BRAHIM", "Noé", "29" / "02" / 2012, "0349999J", "3 B"),
            child!("OULD-BRAHIM", "Maël", "29" / "02" / 2012, "0349999J", "3 B"),
        ],
        unlinked_at: None,
    },
    CastFamily {
        parents: &[parent(
            ("MME", "MARTIN", None, "Nathalie"),
            "06 39 98 00 07",
            MOTHER_LINK,
            (
                "Homonymes : deux Nathalie MARTIN, deux mobiles ; celle-ci est la mère d'Hugo.",
                "Namesakes: two Nathalie MARTINs, two mobiles; this one is Hugo's mother.",
            ),
        )],
        children: &[child!("MARTIN", "Hugo", "09" / "10" / 2014, "0349999J", "5 B")],
        unlinked_at: None,
    },
    CastFamily {
        parents: &[parent(
            ("MME", "MARTIN", None, "Nathalie"),
            "06 39 98 00 08",
            MOTHER_LINK,
            (
                "Homonymes : deux Nathalie MARTIN, deux mobiles ; celle-ci est la mère de Lou.",
                "Namesakes: two Nathalie MARTINs, two mobiles; this one is Lou's mother.",
            ),
        )],
        children: &[child!("MARTIN", "Lou", "25" / "12" / 2014, "0349999J", "5 B")],
        unlinked_at: None,
    },
    CastFamily {
        parents: &[parent(
            ("M.", "LANDRY", None, "Gérard"),
            "04 65 71 00 09",
            FATHER_LINK,
            (
                "Un fixe dans la colonne du mobile : une voix y dit le code, ou une lettre l'apporte.",
                "A landline in the mobile column: a voice says the code there, or a letter brings it.",
            ),
        )],
        children: &[child!("LANDRY", "Zélie", "16" / "04" / 2015, "0349999J", "6 A")],
        unlinked_at: None,
    },
    CastFamily {
        parents: &[parent(
            ("MME", "PAYET", None, "Marie-Josée"),
            "0692 00 00 10",
            MOTHER_LINK,
            (
                "Un mobile de La Réunion, tapé comme on le compose là-bas.",
                "A mobile of La Réunion, typed as it is dialled there.",
            ),
        )],
        children: &[child!("PAYET", "Océane", "02" / "07" / 2011, "0349998H", "2NDE1")],
        unlinked_at: None,
    },
    CastFamily {
        parents: &[parent(
            ("MME", "LÓPEZ IBÁÑEZ", None, "Núria"),
            "+34 600 00 00 11",
            MOTHER_LINK,
            ("Un mobile espagnol.", "A Spanish mobile."),
        )],
        children: &[child!("LÓPEZ IBÁÑEZ", "Pau", "19" / "03" / 2010, "0349998H", "2NDE1")],
        unlinked_at: None,
    },
    CastFamily {
        parents: &[parent(
            ("M.", "CHAZAL", None, "Ronan"),
            "06 39 98 00 12",
            (1, 70),
            (
                "Élève majeur, son propre responsable : son « enfant » est lui-même.",
                "A pupil of age, his own responsable: his “child” is himself.",
            ),
        )],
        children: &[child!("CHAZAL", "Ronan", "05" / "01" / 2008, "0349998H", "TSTMG")],
        unlinked_at: None,
    },
    CastFamily {
        parents: &[
            parent(
                ("MME", "ROUX", None, "Odette"),
                "06 39 98 00 13",
                (2, 38),
                (
                    "Personne en charge, sans être représentante légale : elle l'apprend après le code.",
                    "In charge of the pupil but no legal representative: she learns it after the code.",
                ),
            ),
            parent(("", "AIDE SOCIALE À L'ENFANCE", None, ""), "", (1, 51), NO_STORY),
        ],
        children: &[child!("ROUX", "Kylian", "08" / "08" / 2013, "0349999J", "4 B")],
        unlinked_at: None,
    },
    CastFamily {
        parents: &[parent(
            ("MME", "SANSOT", None, "Irène"),
            "06 39 98 00 14",
            MOTHER_LINK,
            (
                "Dans le fichier de l'établissement, mais sans lien avec un élève.",
                "In the school's file, but without a link to any pupil.",
            ),
        )],
        children: &[],
        unlinked_at: Some("0349999J"),
    },
    CastFamily {
        parents: &[parent(
            ("M.", "LE GOFF", None, "Yann"),
            "06 39 98 00 15",
            FATHER_LINK,
            (
                "La campagne de l'établissement est close : la page le dit, avec un code d'assistance.",
                "The school's campaign is closed: the page says so and gives a support code.",
            ),
        )],
        children: &[child!("LE GOFF", "Enora", "13" / "10" / 2010, "0349997G", "2PMER")],
        unlinked_at: None,
    },
    CastFamily {
        parents: &[parent(
            ("MME", "PETIT", None, "Claire"),
            "06 39 98 00 16",
            MOTHER_LINK,
            ("Une enfant, rien de particulier.", "One child, nothing special."),
        )],
        children: &[child!("PETIT", "Jade", "27" / "01" / 2015, "0349999J", "6 B")],
        unlinked_at: None,
    },
    CastFamily {
        parents: &[parent(
            ("M.", "FABRE", None, "Loïc"),
            "06 39 98 00 17",
            FATHER_LINK,
            ("Un enfant au lycée agricole.", "A child at the agricultural lycée."),
        )],
        children: &[child!("FABRE", "Lucie", "22" / "05" / 2010, "0349996F", "2GT")],
        unlinked_at: None,
    },
    CastFamily {
        parents: &[parent(
            ("MME", "ÇELIK", Some("DUBOIS-ÇELIK"), "Aïcha"),
            "06 39 98 00 18",
            MOTHER_LINK,
            ("Une enfant au CSES Jean Lagarde.", "A child at CSES Jean Lagarde."),
        )],
        children: &[child!("ÇELIK", "Défné", "30" / "08" / 2012, "0319998Z", "COL 2")],
        unlinked_at: None,
    },
    // Classmates of Zélie LANDRY, so that the letters of her class are several.
    CastFamily {
        parents: &[parent(("MME", "ROUSSEL", None, "Agathe"), "06 39 98 00 19", MOTHER_LINK, NO_STORY)],
        children: &[child!("ROUSSEL", "Basile", "03" / "03" / 2015, "0349999J", "6 A")],
        unlinked_at: None,
    },
    CastFamily {
        parents: &[parent(("M.", "SAÏDI", None, "Nabil"), "06 39 98 00 20", FATHER_LINK, NO_STORY)],
        children: &[child!("SAÏDI", "Lina", "12" / "08" / 2015, "0349999J", "6 A")],
        unlinked_at: None,
    },
    CastFamily {
        parents: &[parent(("MME", "THÉVENOT", Some("COSTE"), "Laure"), "06 39 98 00 21", MOTHER_LINK, NO_STORY)],
        children: &[child!("COSTE", "Émile", "29" / "10" / 2015, "0349999J", "6 A")],
        unlinked_at: None,
    },
];
