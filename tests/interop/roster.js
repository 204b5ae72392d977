// One school's SIECLE export, as small as it may be: two parents, each with one child. All invented.

/** Dates of the export in SIECLE's form, of the school year that is under way. */
function stamps(now) {
  const two = (number) => String(number).padStart(2, "0");
  const day = `${two(now.getDate())}/${two(now.getMonth() + 1)}/${now.getFullYear()}`;
  return {
    year: now.getMonth() >= 7 ? now.getFullYear() : now.getFullYear() - 1,
    day,
    moment: `${day} ${two(now.getHours())}:${two(now.getMinutes())}:${two(now.getSeconds())}`,
  };
}

export const SCHOOL = { uai: "0349999J", name: "Clg Théodore Monod", academy: "montpellier" };

export const PARENTS = [
  {
    id: 500001,
    nom: "Aubrac",
    prenom: "Jeanne",
    telephone: "06 39 98 01 01",
    e164: "+33639980101",
    child: { id: 900001, prenom: "Basile", birth: "14/02/2013", class: "4 A" },
  },
  {
    id: 500002,
    nom: "Causse",
    prenom: "Noël",
    telephone: "06 39 98 01 02",
    e164: "+33639980102",
    child: { id: 900002, prenom: "Flore", birth: "03/05/2014", class: "5 B" },
  },
];

const MORE_NAMES = ["Larzac", "Vidourle", "Cesse", "Lergue", "Orb", "Salaison"];

/** So many parents more, each with one child: at most as many as there are names. */
export function moreParents(count) {
  return MORE_NAMES.slice(0, count).map((nom, n) => ({
    id: 500101 + n,
    nom,
    prenom: "Camille",
    telephone: `06 39 98 02 0${n}`,
    e164: `+3363998020${n}`,
    child: { id: 900101 + n, prenom: "Sacha", birth: "21/06/2013", class: "4 A" },
  }));
}

function head(root, now) {
  const { year, day, moment } = stamps(now);
  return `<?xml version="1.0" encoding="UTF-8"?>
<${root} VERSION="3.1">
  <PARAMETRES>
    <UAJ>${SCHOOL.uai}</UAJ>
    <ANNEE_SCOLAIRE>${year}</ANNEE_SCOLAIRE>
    <DATE_EXPORT>${day}</DATE_EXPORT>
    <HORODATAGE>${moment}</HORODATAGE>
  </PARAMETRES>
  <DONNEES>
`;
}

export function eleves(now, parents = PARENTS) {
  const pupils = parents.map(({ nom, child }) => `      <ELEVE ELEVE_ID="${child.id}" ELENOET="${child.id % 1000}">
        <ELENOET>${child.id % 1000}</ELENOET>
        <NOM_DE_FAMILLE>${nom.toUpperCase()}</NOM_DE_FAMILLE>
        <PRENOM>${child.prenom}</PRENOM>
        <DATE_NAISS>${child.birth}</DATE_NAISS>
        <DATE_ENTREE>01/09/${stamps(now).year}</DATE_ENTREE>
        <CODE_STATUT>ST</CODE_STATUT>
      </ELEVE>`);
  const classes = parents.map(({ child }) => `      <STRUCTURES_ELEVE ELEVE_ID="${child.id}">
        <STRUCTURE><CODE_STRUCTURE>${child.class}</CODE_STRUCTURE><TYPE_STRUCTURE>D</TYPE_STRUCTURE></STRUCTURE>
      </STRUCTURES_ELEVE>`);
  return `${head("BEE_ELEVES", now)}    <ELEVES>
${pupils.join("\n")}
    </ELEVES>
    <STRUCTURES>
${classes.join("\n")}
    </STRUCTURES>
  </DONNEES>
</BEE_ELEVES>
`;
}

export function responsables(now, parents = PARENTS) {
  const people = parents.map(({ id, nom, prenom, e164 }) => `      <PERSONNE PERSONNE_ID="${id}">
        <NOM_DE_FAMILLE>${nom.toUpperCase()}</NOM_DE_FAMILLE>
        <PRENOM>${prenom}</PRENOM>
        <TEL_PORTABLE>${e164}</TEL_PORTABLE>
        <ACCEPTE_SMS>1</ACCEPTE_SMS>
      </PERSONNE>`);
  const links = parents.map(({ id, child }) => `      <RESPONSABLE_ELEVE>
        <ELEVE_ID>${child.id}</ELEVE_ID>
        <PERSONNE_ID>${id}</PERSONNE_ID>
        <NIVEAU_RESPONSABILITE>1</NIVEAU_RESPONSABILITE>
        <CODE_PARENTE>10</CODE_PARENTE>
      </RESPONSABLE_ELEVE>`);
  return `${head("BEE_RESPONSABLES", now)}    <PERSONNES>
${people.join("\n")}
    </PERSONNES>
    <RESPONSABLES>
${links.join("\n")}
    </RESPONSABLES>
  </DONNEES>
</BEE_RESPONSABLES>
`;
}
