### Ce que lisent les familles. La voix est celle d'une phrase courte, au présent, qui dit quoi faire ensuite.

## Cadre
kit-skip = Aller au contenu
kit-other-language = English
kit-help = Aide
kit-data = Vos données
kit-accessibility = Accessibilité
kit-home = Accueil

## Pages générales
not-found-title = Cette page n'existe pas
not-found-next = L'adresse a peut-être été mal recopiée, ou la page a changé de place.
