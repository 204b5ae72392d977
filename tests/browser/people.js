// People of the demo's rosters that the scenarios use. Each is used by one scenario of a round, so that none finds what
// another left behind; a round starts the demo afresh.

export const PASSWORD = "Trois-pommes 7 !";
export const NEW_PASSWORD = "Quatre-cerises 8 ?";

/** The leaflet's parent, with a child in the collège and one in the lycée. */
export const FATOU = {
  nom: "Lebœuf",
  prenom: "Fatou",
  telephone: "06 39 98 00 01",
  e164: "+33639980001",
  identifiant: /^f\.leboeuf\d{2,4}$/,
  children: [
    { prenom: "Anaïs", birth: "14/02/2013" },
    { prenom: "Élie", birth: "30/11/2009" },
  ],
  school: "Clg Théodore Monod",
};

/** Nobody's name, and a number that no roster has. */
export const NOBODY = { nom: "Inconnue", prenom: "Zoé", telephone: "06 39 98 99 99", e164: "+33639989999" };

/** A parent whose only child is in the school with a closed campaign. */
export const CLOSED = { nom: "Le Goff", prenom: "Yann", telephone: "06 39 98 00 15", e164: "+33639980015" };

/** In charge of a pupil without being a legal representative. */
export const IN_CHARGE = { nom: "Roux", prenom: "Odette", telephone: "06 39 98 00 13", e164: "+33639980013" };

/** Another parent, for what the walk does not do with an activation. */
export const SECOND = { nom: "Petit", prenom: "Claire", telephone: "06 39 98 00 16", e164: "+33639980016" };

/** Two parents of one name, with an account each. */
export const NAMESAKES = [
  {
    nom: "Martin",
    prenom: "Nathalie",
    telephone: "06 39 98 00 07",
    e164: "+33639980007",
    children: [{ prenom: "Hugo", birth: "09/10/2014" }],
  },
  {
    nom: "Martin",
    prenom: "Nathalie",
    telephone: "06 39 98 00 08",
    e164: "+33639980008",
    children: [{ prenom: "Lou", birth: "25/12/2014" }],
  },
];

/** A mother whose only child has another parent with an account of his own. */
export const SEPARATED = {
  nom: "Martin-Roche",
  prenom: "Sophie",
  telephone: "06 39 98 00 03",
  e164: "+33639980003",
  children: [{ prenom: "Inès", birth: "03/05/2014" }],
};

/** A parent who answers Non. */
export const STRANGER = {
  nom: "Benali",
  prenom: "Karim",
  telephone: "06 39 98 00 02",
  e164: "+33639980002",
  children: [{ prenom: "Inès", birth: "03/05/2014" }],
};

/** A pupil with a letter, and her father, whose only number is a landline. */
export const PUPIL = { name: "Zélie LANDRY", short: "Zélie L.", birth: "16/04/2015", school: "Clg Théodore Monod" };
export const LANDLINE = {
  name: "Gérard LANDRY",
  children: [{ prenom: "Zélie", birth: "16/04/2015" }],
  school: "Clg Théodore Monod",
};

/** The holder of the account that the demo's greeting names. */
export const HOLDER = {
  prenom: "Marie-Hélène",
  address: "marie-helene@exemple.fr",
  e164: "+33639980004",
  children: ["Théo", "Maëlys", "Gaspard"],
};
