// A roster of as many families as a flood needs: one parent and one child each. All invented.

const FAMILY = ["Aubrac", "Causse", "Larzac", "Lozère", "Vidourle", "Salagou", "Espinouse", "Caroux"];
const CHILD = ["Basile", "Flore", "Noé", "Ysée"];

/** @returns {object[]} parents as the roster of tests/interop has them, on numbers that nobody has */
export function families(count) {
  return Array.from({ length: count }, (_, number) => {
    const mobile = String(1000 + number);
    return {
      id: 600_000 + number,
      nom: FAMILY[number % FAMILY.length],
      prenom: "Jeanne",
      telephone: `06 39 98 ${mobile.slice(0, 2)} ${mobile.slice(2)}`,
      e164: `+3363998${mobile}`,
      child: { id: 910_000 + number, prenom: CHILD[number % CHILD.length], birth: "14/02/2013", class: "4 A" },
    };
  });
}
