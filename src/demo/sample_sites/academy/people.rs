//! The academies of the demo and their fictitious people.

/// An academy with a provider of its own.
#[derive(Debug)]
pub struct AcademySite {
    /// The last part of its issuer, and of the id of its file at Préau: `academie-{slug}`.
    pub slug: &'static str,
    pub fr: &'static str,
    pub en: &'static str,
    pub people: &'static [AcademyPerson],
}

/// Somebody whom an academy knows.
#[derive(Debug)]
pub struct AcademyPerson {
    /// The `sub`.
    pub sub: &'static str,
    pub given_name: &'static str,
    pub family_name: &'static str,
    /// The `title` of the directory: ENS, DIR, ADM, INV, ELV, PAR, or one that Préau's file does not know.
    pub title: &'static str,
    /// The role, as the page says it.
    pub fr: &'static str,
    pub en: &'static str,
    /// `FrEduRne`.
    pub schools: &'static [&'static str],
}

pub static ACADEMIES: [AcademySite; 3] = [
    AcademySite {
        slug: "montpellier",
        fr: "Académie de Montpellier",
        en: "Academy of Montpellier",
        people: &[
            AcademyPerson {
                sub: "m-1001",
                given_name: "Claire",
                family_name: "FONTAINE",
                title: "ENS",
                fr: "Enseignante, dans un collège et un lycée",
                en: "Teacher, at a collège and a lycée",
                schools: &["0349999J$UAJ$PU$N$T3$CLG$340", "0349998H$UAJ$PU$N$T3$LYC$300"],
            },
            AcademyPerson {
                sub: "m-1002",
                given_name: "Hugo",
                family_name: "BERNARDIN",
                title: "DIR",
                fr: "Principal du collège",
                en: "Head of the collège",
                schools: &["0349999J"],
            },
            AcademyPerson {
                sub: "m-1003",
                given_name: "Nadia",
                family_name: "KACIMI",
                title: "INV",
                fr: "Invitée : formatrice, sans établissement",
                en: "Guest: trainer, without a school",
                schools: &[],
            },
            AcademyPerson {
                sub: "m-1004",
                given_name: "Lucas",
                family_name: "MEUNIER",
                title: "ELV",
                fr: "Élève, avec un ancien compte de l'académie",
                en: "Pupil, with an older account of the academy",
                schools: &["0349999J"],
            },
            AcademyPerson {
                sub: "m-1005",
                given_name: "Sylvie",
                family_name: "MEUNIER",
                title: "PAR",
                fr: "Parent, avec un ancien compte de l'académie",
                en: "Parent, with an older account of the academy",
                schools: &["0349999J"],
            },
            AcademyPerson {
                sub: "m-1006",
                given_name: "Omar",
                family_name: "SANS RÔLE",
                title: "ZZZ",
                fr: "Quelqu'un dont le rôle n'est pas connu",
                en: "Somebody whose role is not known",
                schools: &["0349999J"],
            },
        ],
    },
    AcademySite {
        slug: "toulouse",
        fr: "Académie de Toulouse",
        en: "Academy of Toulouse",
        people: &[
            AcademyPerson {
                sub: "t-2001",
                given_name: "Inès",
                family_name: "DUPUY",
                title: "ENS",
                fr: "Enseignante",
                en: "Teacher",
                schools: &["0319999A"],
            },
            AcademyPerson {
                sub: "t-2002",
                given_name: "Rémi",
                family_name: "CAZENAVE",
                title: "ADM",
                fr: "Secrétaire",
                en: "Secretary",
                schools: &["0319999A", "0319998Z"],
            },
            AcademyPerson {
                sub: "t-2003",
                given_name: "Ana",
                family_name: "PEREIRA",
                title: "INV",
                fr: "Invitée",
                en: "Guest",
                schools: &["0319998Z"],
            },
        ],
    },
    AcademySite {
        slug: "agricole",
        fr: "Enseignement agricole",
        en: "Agricultural schools",
        people: &[
            AcademyPerson {
                sub: "a-3001",
                given_name: "Benoît",
                family_name: "VIGNERON",
                title: "ENS",
                fr: "Enseignant au lycée agricole",
                en: "Teacher at the agricultural lycée",
                schools: &["0349996F"],
            },
            AcademyPerson {
                sub: "a-3002",
                given_name: "Lise",
                family_name: "PRAIRIE",
                title: "ADM",
                fr: "Intendante du lycée agricole",
                en: "Bursar of the agricultural lycée",
                schools: &["0349996F"],
            },
            AcademyPerson {
                sub: "a-3003",
                given_name: "Marc",
                family_name: "DESCHAMPS",
                title: "INV",
                fr: "Invité : maître de stage",
                en: "Guest: internship tutor",
                schools: &[],
            },
        ],
    },
];

impl AcademySite {
    pub fn find(slug: &str) -> Option<&'static AcademySite> {
        ACADEMIES.iter().find(|academy| academy.slug == slug)
    }

    pub fn person(&self, sub: &str) -> Option<&'static AcademyPerson> {
        self.people.iter().find(|person| person.sub == sub)
    }
}
