### What families read: short sentences, present tense; what happens, then what to do.
### `**word**` becomes bold. The no-break spaces before : ; ? and inside « » are in the text (U+00A0).

## Frame
kit-skip = Aller au contenu
kit-other-language = English
kit-help = Aide
kit-data = Vos données
kit-accessibility = Accessibilité
kit-home = Accueil
kit-error = Erreur :
kit-missing = Il reste à compléter ou à corriger
kit-continue = Continuer
kit-continue-to = Continuer vers { $service }
kit-cancel = Annuler
kit-back-to-login = Revenir à la page de connexion
kit-show-password = Afficher le mot de passe
kit-step = Étape { $n } sur { $of }
kit-support = Code d'assistance :
kit-call = Appeler le { $telephone }
kit-back = Revenir à ma page
kit-no-cookies = Recommencez, ou autorisez les cookies
kit-no-cookies-next = Si cette page était ouverte depuis plus de 2 heures, il suffit de recommencer. Sinon, votre navigateur refuse les cookies, dont elle a besoin pour vous reconnaître d'une étape à l'autre : autorisez les cookies de ce site dans les réglages du navigateur, quittez la navigation privée, puis recommencez. Vous pouvez aussi prendre un autre navigateur.
back-to = Revenir à { $service }

## Sign-in
login-title = Se connecter
login-service = pour continuer vers **{ $service }**
login-identifiant = Identifiant
login-format = Identifiant au format p.nomXX
login-password = Mot de passe
login-first = Première visite ?
login-first-who = Vous êtes parent ou responsable légal(e) et votre enfant va à l'école, au collège ou au lycée : activez votre compte avec le numéro de portable que l'établissement connaît. Cela prend cinq minutes.
login-no-account = Je n'ai pas de compte
login-hint-refused = Le moyen de connexion que le service propose n'est pas disponible ici. Prenez-en un autre.
login-pupil = Élève : adressez-vous à votre établissement.
login-refused = Nous n'avons pas pu vous connecter
login-wrong = L'identifiant ou le mot de passe n'est pas le bon. Vérifiez l'identifiant sur votre feuille ; majuscules et minuscules comptent dans le mot de passe.
password-changed = Ce mot de passe a été changé le { $date }.
password-changed-next = Si ce n'était pas vous, choisissez-en un nouveau et prévenez l'établissement.
login-replaced-next = Utilisez le nouveau. Si ce n'était pas vous, choisissez-en un autre et prévenez l'établissement.
login-empty-identifiant = Indiquez votre identifiant.
login-empty-password = Indiquez votre mot de passe.
login-waiting = Trop d'essais. Réessayez à { $until }, ou choisissez un nouveau mot de passe.
login-limited-here = Trop d'essais ont échoué depuis votre connexion à internet. D'autres personnes l'utilisent peut-être aussi : ce n'est pas forcément vous.
login-limited = Trop d'essais échouent en ce moment, et nous protégeons les comptes.
login-limited-next = Réessayez à { $until }, ou tout de suite sur un appareil qui a déjà servi à vous connecter.
limited-here-next = Réessayez à { $until }, ou tout de suite avec une autre connexion, par exemple celle de votre téléphone portable sans le wifi.
login-new-password = Choisir un nouveau mot de passe
must-change-title = Choisissez un nouveau mot de passe
must-change = Pour protéger votre compte, choisissez un nouveau mot de passe. L'ancien ne sert plus.
must-change-send = Recevoir le code
must-change-other-title = Ce portable n'est plus le vôtre ?
must-change-letter = Demandez à l'établissement une feuille avec un code : elle sert à choisir un nouveau mot de passe.
suspended = Ce compte est suspendu par { $by }. Adressez-vous à { $school }.
busy = Beaucoup de familles se connectent en ce moment. Réessayez dans { $seconds ->
    [one] { $seconds } seconde
   *[other] { $seconds } secondes
}.

## Sign-in through others
federation-title = Vous travaillez dans un établissement ?
federation-who = Enseignant, personnel, invité : connectez-vous sur le site de votre académie, puis vous revenez ici.
federation-none = Aucune académie n'est reliée à ce service.
federation-identifiant = Se connecter avec un identifiant
federation-other = Choisir une autre académie
federation-again = Recommencer
upstream-first-title = { $upstream }, la première fois
upstream-first-name = { $upstream } nous dit que vous êtes **{ $name }**. Il reste à retrouver vos enfants : un code part vers le portable que l'établissement connaît, puis leur date de naissance vous sera demandée.
upstream-first-once = Une seule fois. Ensuite, { $upstream } suffit : vous n'avez pas de mot de passe à créer.
upstream-first-known-title = Vous avez déjà un compte ici ?
upstream-first-known = Connectez-vous avec votre identifiant, puis reliez { $upstream } dans « Mot de passe et appareils ».
upstream-first-other-title = L'établissement vous connaît sous un autre nom ?
upstream-first-other = { $upstream } vous connaît sous un nom, l'établissement sous un autre : continuez avec un mot de passe.
upstream-finish-title = { $upstream } suffira la prochaine fois
upstream-finish = Vous n'avez pas de mot de passe à créer. Gardez l'identifiant : il sert si { $upstream } ne répond pas, pour choisir un mot de passe avec votre portable.
already-upstream = { $upstream } s'ajoute à ce compte : connectez-vous, puis reliez-le dans « Mot de passe et appareils ».
login-or = ou
login-franceconnect = S'identifier avec { $upstream }
login-franceconnect-who = Parents : avec votre compte des impôts, de l'Assurance maladie, de La Poste…
upstream-link-title = Se connecter avec { $upstream }
upstream-link-what = Une fois relié, { $upstream } ouvre ce compte sans mot de passe. Votre nom doit y être le même que celui que l'établissement connaît.
upstream-link-none = pas relié
upstream-link-since = Relié le { $day }, dernière connexion { $when }.
upstream-link-add = Relier { $upstream }
upstream-link-change = Relier à nouveau
upstream-link-remove = Retirer { $upstream }
upstream-link-last = C'est votre seul moyen de connexion : choisissez d'abord un mot de passe, par « Mot de passe oublié ».
upstream-link-done = { $upstream } est relié à ce compte.
upstream-link-removed = { $upstream } n'ouvre plus ce compte.
upstream-link-manage = Gérer
upstream-link-factor = Ce compte demande une deuxième preuve à chaque connexion : { $upstream } ne suffit pas pour l'ouvrir.
upstream-link-go = Continuer vers { $upstream }
federation-failed-title = La connexion n'a pas abouti
federation-failed-unnamed = Ce moyen de connexion n'existe pas ici.
federation-failed-not_serving = { $upstream } : ce moyen de connexion n'est plus proposé ici.
federation-failed-unknown_state = { $upstream } : cette connexion a déjà servi, a duré plus de 15 minutes, ou a commencé dans un autre navigateur. Recommencez.
federation-failed-denied = { $upstream } a répondu que la connexion n'a pas eu lieu. Recommencez, ou prenez un autre moyen.
federation-failed-unavailable = { $upstream } ne répond pas. Essayez à nouveau dans quelques minutes, ou prenez un autre moyen de connexion.
federation-failed-untrusted = La réponse de « { $upstream } » n'a pas pu être vérifiée. Par prudence, la connexion s'arrête ici. Recommencez ; si cela se répète, donnez le code d'assistance à votre académie.
federation-failed-not_fresh = Le service que vous ouvrez demande une connexion récente. Recommencez : « { $upstream } » vous demandera de vous identifier à nouveau.
federation-failed-unknown_profile = Votre académie ne nous dit pas quel est votre rôle. Donnez-lui le code d'assistance.
federation-failed-no_name = Votre académie ne nous dit pas votre nom. Donnez-lui le code d'assistance.
federation-failed-account_closed = Ce compte est suspendu ou fermé. Adressez-vous à votre académie, avec le code d'assistance.
federation-failed-factor_needed = Ce compte demande une deuxième preuve : connectez-vous avec votre identifiant.
federation-failed-linked_elsewhere = { $upstream } est déjà relié à un autre compte. Connectez-vous à cet autre compte pour l'en retirer.
federation-failed-names_differ = { $upstream } vous connaît sous un nom, votre compte sous un autre : les deux ne peuvent pas être reliés.
federation-failed-link_expired = Le mot de passe a été indiqué il y a plus de 5 minutes. Recommencez depuis votre compte.

## Forgotten
forgotten-identifiant-title = Identifiant oublié ?
forgotten-password-title = Mot de passe oublié ?

## Activation, identity
activation-title = Activation du compte
activation-restart = Recommencer l'activation
identity-reserved = L'activation est réservée aux représentants légaux.
identity-purpose = Pour avoir accès aux services concernant vos enfants, vous devez confirmer que vous êtes bien leur représentant(e) légal(e) et renseigner leur date de naissance.
identity-ready = Gardez votre téléphone près de vous et préparez la date de naissance de chacun de vos enfants.
identity-who = Je confirme mon identité
identity-nom = Nom
identity-nom-hint = De famille ou d'usage, comme l'établissement vous connaît
identity-nom-empty = Indiquez votre nom.
identity-nom-too_long = Ce nom est trop long. Écrivez-le comme l'établissement vous connaît.
identity-prenom = Prénom
identity-prenom-empty = Indiquez votre prénom.
identity-prenom-too_long = Ce prénom est trop long. Écrivez-le comme l'établissement vous connaît.
identity-phone-part = Je renseigne mon n° de téléphone portable
identity-phone-why = Indiquez le numéro de téléphone portable communiqué à l'école ou à l'établissement scolaire. Il est indispensable pour activer votre compte.
identity-phone = N° de téléphone portable
identity-phone-hint = Exemple : 06 12 34 56 78. Pour les numéros hors France métropolitaine, merci d'indiquer l'indicatif régional : +262 692 12 34 56.
identity-phone-empty = Indiquez votre numéro de portable.
identity-phone-incomplete = Ce numéro n'est pas complet. Exemple : 06 12 34 56 78. Hors France métropolitaine, commencez par l'indicatif : +262 692 12 34 56.
identity-phone-landline = Ce numéro n'est pas celui d'un portable. Le code arrive par SMS : indiquez un portable.
identity-too-many = Nous n'envoyons plus de code aujourd'hui
identity-many-here = Trop de demandes depuis votre connexion à internet
identity-many-here-why = D'autres personnes l'utilisent peut-être aussi : ce n'est pas forcément vous.
identity-many = Trop de demandes sans que leur code soit tapé
identity-many-next = Si vous avez déjà reçu un code, tapez-le sur la page qui le demande. Sinon, réessayez à { $until }, ou adressez-vous à l'établissement.
too-many-today = Trop d'essais aujourd'hui. Revenez demain à partir de { $hour }.

## Activation, code
code-short-title = Code d'activation
code-title = J'indique le code d'activation reçu par SMS (valable 30 min)
code-sent = Si ces renseignements sont ceux que connaît l'établissement, un SMS vient de partir vers le numéro qui finit par **{ $ending }**.
code-delayed = Les SMS partent avec du retard en ce moment, pour tout le monde. Votre demande est gardée : laissez cette page ouverte, votre code peut encore arriver. S'il n'est pas là dans 30 minutes, demandez-en un autre plus tard : les demandes faites pendant ce retard ne comptent pas.
code-asked-again = Votre nouvelle demande est gardée. Un code reçu avant elle ne sert plus.
code-label = Code à 6 chiffres
code-refused = Ce code ne convient pas
code-refused-empty = Veuillez renseigner le champ "Code"
code-refused-not-six-digits = Le code a 6 chiffres. Recopiez-les comme vous les avez reçus.
code-refused-too-many-today = { too-many-today }
code-refused-wrong = Ce code n'est pas le bon. Il reste { $left ->
    [one] { $left } essai
   *[other] { $left } essais
}.
code-refused-used-up = Ce code ne sert plus. Demandez-en un nouveau.
code-refused-expired = Ce code a plus de 30 minutes. Demandez-en un nouveau.
code-resend = Renvoyer le code
code-too-soon = Un code vient de partir. Vous pourrez en demander un autre dans { $seconds ->
    [one] { $seconds } seconde
   *[other] { $seconds } secondes
}.
code-sent-again = Un nouveau code part. L'ancien ne sert plus.
code-resend-limit = Nous ne pouvons pas envoyer d'autre code maintenant. Utilisez le dernier reçu, ou adressez-vous à l'établissement.
code-nothing = Je n'ai rien reçu
code-nothing-wait = Attendez deux minutes, puis regardez si le numéro et l'orthographe de votre nom sont ceux de la fiche de votre enfant.
code-nothing-school = Si votre numéro a changé, ou si l'établissement ne connaît que votre téléphone fixe, lui seul peut corriger : appelez-le et donnez-lui le code d'assistance. Il peut aussi vous remettre une lettre avec un code.
code-correct = Corriger mon nom ou mon numéro
code-call-title = J'indique le code d'activation entendu au téléphone (valable 30 min)
code-call-offer = Ce numéro est celui d'un téléphone fixe : il ne reçoit pas de SMS. Une voix peut y dire le code. Restez à côté du téléphone, avec de quoi noter.
code-call = Recevoir un appel
code-call-sent = Si ces renseignements sont ceux que connaît l'établissement, le téléphone dont le numéro finit par **{ $ending }** va sonner. Décrochez : une voix dit le code deux fois.
code-call-again = Recevoir un autre appel
code-call-delayed = Les appels partent avec du retard en ce moment, pour tout le monde. Votre demande est gardée : votre téléphone peut encore sonner. S'il n'a pas sonné dans 30 minutes, demandez un autre appel plus tard : les demandes faites pendant ce retard ne comptent pas.
code-call-today = Ce téléphone ne sonne qu'entre 8 h et 21 h, à l'heure du lieu où il se trouve. Vous pourrez demander un appel **aujourd'hui à partir de 8 h**.
code-call-tomorrow = Ce téléphone ne sonne qu'entre 8 h et 21 h, à l'heure du lieu où il se trouve. Vous pourrez demander un appel **demain à partir de 8 h**.
code-call-later = Revenez alors et recommencez l'activation. L'établissement peut aussi vous remettre une lettre avec un code.
code-call-nothing = Mon téléphone ne sonne pas
identity-phone-calls = Pas de portable ? Indiquez le téléphone fixe que connaît l'établissement : une voix y dit le code, entre 8 h et 21 h.

## Activation, children
children-title = Mes enfants
children-intro = L'établissement indique que les élèves ci-dessous sont sous votre responsabilité légale. Confirmez-le pour chacun.
children-intro-password = Avant de choisir un mot de passe, indiquez la date de naissance de chaque enfant.
children-refused = Vérifiez vos réponses pour :
children-confirm = Confirmer
child-question = Je suis le représentant légal de cet élève ?
child-yes = Oui
child-no = Non
child-born = né(e) le
child-born-hint = En chiffres, par exemple 27 08 2012
child-born-jour = Jour
child-born-mois = Mois
child-born-annee = Année
child-wrong = Cette date n'est pas celle de l'établissement. Il reste { $left ->
    [one] { $left } essai
   *[other] { $left } essais
} aujourd'hui.
child-no-more = Trop d'essais pour { $given_name }. Nous continuons sans cet enfant : l'établissement est averti et pourra corriger.
child-no-more-password = Trop d'essais pour { $given_name } aujourd'hui. Rien ne change dans votre compte : la bonne date d'un autre enfant suffit.
child-answer-missing = Répondez Oui ou Non pour { $given_name }.
child-date-empty = Indiquez la date de naissance : le jour, le mois et l'année.
child-date-words = Écrivez la date en chiffres, par exemple 27 08 2012.
child-date-incomplete = Il manque une partie de la date : indiquez le jour, le mois et l'année.
child-date-short_year = Écrivez l'année avec quatre chiffres, par exemple 2012.
child-date-no_such_day = Ce jour n'existe pas. Vérifiez le jour et le mois.
child-date-long_ago = Vérifiez l'année : elle est trop ancienne.
child-date-to_come = Vérifiez l'année : cette date n'est pas encore passée.
child-right = C'est confirmé : la date est la bonne.
child-set-aside = Nous continuons sans { $given_name } : l'établissement est averti et pourra corriger.
child-optional = Pour le moment, cet enfant n'est pas dans votre compte. Sa date de naissance l'y remet ; vous pouvez aussi laisser vide.
child-skipped = Trop d'essais pour { $given_name } aujourd'hui : la bonne date d'un autre enfant suffit.
child-contested = Vous avez indiqué que { $name } n'est pas votre enfant. L'établissement en est averti et corrigera sa fiche.

## Activation, username and password
identifiant-title = Relever votre identifiant
identifiant-keep = Notez-le : il vous servira pour tous vos enfants, dans tous les établissements, jusqu'à la fin du lycée.
identifiant-print = Imprimer la feuille
password-page-title = Mon identifiant et mon mot de passe
password-create = Je crée mon mot de passe
password-create-new = Je choisis un nouveau mot de passe
password-must = Il doit comporter :
password-rule-length = au moins 8 caractères
password-rule-lower = au moins 1 minuscule
password-rule-upper = au moins 1 majuscule
password-rule-digit = au moins un chiffre
password-rule-sign = au moins un caractère spécial :
password-rule-met = (fait)
password-rule-unmet = (à faire)
password-rules-said = règles remplies :
password-again = ...et je confirme le mot de passe en le saisissant à nouveau
password-help = Besoin d'aide pour créer un mot de passe sécurisé ?
password-finish = Terminer
password-refused = Ce mot de passe ne va pas encore
password-missing = Il faut encore :
password-lacks-length = 8 caractères en tout
password-lacks-lower = une minuscule
password-lacks-upper = une majuscule
password-lacks-digit = un chiffre
password-lacks-sign = un caractère spécial
password-different = Les deux mots de passe ne sont pas les mêmes.
password-too-long = Ce mot de passe a plus de 128 caractères. Choisissez-en un plus court.
password-guessable-name = Ce mot de passe se devine trop facilement : il contient votre nom. Choisissez-en un autre, par exemple trois mots et un chiffre.
password-guessable-identifiant = Ce mot de passe se devine trop facilement : il contient votre identifiant. Choisissez-en un autre, par exemple trois mots et un chiffre.
password-guessable-school = Ce mot de passe se devine trop facilement : il contient le nom de l'établissement. Choisissez-en un autre, par exemple trois mots et un chiffre.
password-guessable-child = Ce mot de passe se devine trop facilement : il contient un prénom ou une date de naissance. Choisissez-en un autre, par exemple trois mots et un chiffre.
password-guessable-common = Ce mot de passe se devine trop facilement : il est parmi les plus courants. Choisissez-en un autre, par exemple trois mots et un chiffre.
password-guessable-current = C'est déjà votre mot de passe. Choisissez-en un autre, par exemple trois mots et un chiffre.

## Sheet
sheet-title = Ma feuille
sheet-heading = Compte de { $name }
sheet-keep = À garder précieusement jusqu'à la fin de la terminale.
sheet-identifiant = Identifiant
sheet-service = Service
sheet-go = Adresse de { $service }
sheet-qr = Code QR : l'adresse de { $service }
sheet-address = Adresse où se connecter
sheet-password = Mot de passe, à écrire à la main
sheet-help = En cas de problème, adressez-vous à
sheet-help-office = le secrétariat de l'établissement
sheet-never = L'établissement ne vous demandera jamais votre mot de passe.
sheet-print = Imprimer
sheet-back = Revenir au mot de passe

## End
done-title = Votre compte est activé.
done-password-title = Votre nouveau mot de passe est enregistré.
done-identifiant = Votre identifiant est :
done-keep = Gardez-le avec votre mot de passe : vous en aurez besoin à chaque connexion.
done-others = Pour **{ $children }**, l'entrée est celle-ci : { $places }.

## Activation, what stops it
not-open-title = L'activation n'est pas encore ouverte
not-open = L'activation ouvre le { $date } pour : { $school }. Revenez à partir de ce jour.
not-open-next = Vous n'avez rien d'autre à faire. Gardez la feuille de l'établissement.
closed-title = Il est trop tard pour activer votre compte
closed = L'activation a fermé le { $date } pour : { $school }.
closed-never = L'activation n'est pas ouverte pour : { $school }.
closed-next = Appelez l'établissement et donnez-lui le code d'assistance : lui seul peut rouvrir l'activation.
already-title = Vous avez déjà un compte
already-identifiant = Votre identifiant est :
already-next = Connectez-vous avec votre mot de passe. Si vous l'avez oublié, choisissez-en un nouveau : nous vous demanderons la date de naissance de vos enfants.
already-others = { $n ->
    [one] Un autre identifiant est aussi le vôtre :
   *[other] D'autres identifiants sont aussi les vôtres :
}
already-others-join = Pour n'en garder qu'un, connectez-vous puis ouvrez Mon compte, J'ai un autre compte.
already-new-password = Choisir un nouveau mot de passe
suspended-title = Ce compte est suspendu
suspended-by-school = l'établissement
suspended-by-operator = l'académie
suspended-next = Appelez le secrétariat et donnez-lui le code d'assistance : il vous dira comment le rouvrir.
nobody-title = Aucun élève n'est rattaché à vous
nobody = L'établissement ne vous indique pas comme responsable légal(e) d'un élève présent cette année. Lui seul peut corriger.
nobody-next = Appelez le secrétariat et donnez-lui ce code. Recommencez l'activation quand c'est corrigé.
none-right-title = Nous ne pouvons pas continuer
none-right = Aucune date ne correspond. L'établissement est averti.
none-right-next = Appelez le secrétariat, donnez-lui ce code et faites vérifier la date de naissance de votre enfant. Vous pourrez ensuite recommencer l'activation.
all-no-title = Vous avez répondu Non pour chaque élève
all-no = Aucun compte n'est créé. Si c'est une erreur, revenez en arrière et répondez Oui. Sinon, l'établissement corrigera.
all-no-back = Revenir à mes réponses
too-late-title = L'activation a pris plus de deux heures
too-late = Par sécurité, elle s'arrête là. Recommencez-la : vous retrouverez le même identifiant.
overtaken-title = Un mot de passe vient d'être choisi
overtaken = Le mot de passe de votre compte a été choisi dans un autre navigateur ou un autre onglet. Connectez-vous avec lui. Si ce n'était pas vous, recommencez l'activation : vous pourrez en choisir un autre.
unknown-activation-title = Nous ne retrouvons pas votre activation
unknown-activation = Elle a été commencée dans un autre navigateur, ou il y a plus de deux heures. Recommencez-la ici : rien n'est perdu.

## Account
account-title = Mon compte
account-parent = Responsable légal(e)
account-pupil = Élève
account-no-child = Aucun enfant n'est rattaché à votre compte cette année. L'établissement peut corriger.
account-mistake = Un nom, un enfant ou un numéro n'est pas le bon ? L'établissement corrige sa fiche, et votre compte suit.
account-sign-out = Se déconnecter
account-change = Changer de compte

## From a service
perimeter-title = Ce service ne vous concerne pas
perimeter-pupil = Vous êtes connecté(e), mais { $service } ne concerne pas votre établissement.
perimeter-staff = La connexion a réussi, mais { $service } ne concerne pas votre rôle, ou pas votre académie.
perimeter-staff-next = Si vous êtes parent, changez de compte : prenez celui que l'établissement de votre enfant vous a donné. Sinon, donnez le code d'assistance à votre académie.
perimeter = Vous êtes connecté(e), mais { $service } ne concerne aucun de vos enfants.
perimeter-where = Vos enfants sont dans :
perimeter-go = Continuer vers { $service }
perimeter-schools = Voici les établissements que nous connaissons pour vous :
perimeter-next = Si un établissement manque, adressez-vous à lui avec le code d'assistance ci-dessous.
perimeter-not-you = Ce n'est pas vous ?
tomorrow-title = Demain dans l'ENT
tomorrow = Votre compte est prêt, mais { $service } ne vous connaît pas encore : l'académie lui envoie chaque nuit la liste des familles.
tomorrow-next = Revenez demain. Si rien n'a changé dans deux jours, adressez-vous à l'établissement avec le code d'assistance ci-dessous.
refused-request-title = Nous ne pouvons pas suivre cette demande
refused-request = { $service } nous a envoyé une demande que nous ne pouvons pas suivre.
refused-request-unnamed = Un site nous a envoyé une demande que nous ne pouvons pas suivre.
refused-request-not-you = Ce n'est pas de votre fait.
refused-suspended-title = Ce service est suspendu
refused-suspended = Personne ne peut s'y connecter en ce moment. Votre compte fonctionne, et rien n'a été partagé.
refused-suspended-next = Demandez à ce service quand il rouvrira.
refused-request-next = Revenez sur son site et recommencez ; si cela continue, donnez-lui le code d'assistance.
too-old-title = Il faut recommencer
too-old = Cette page attendait depuis trop longtemps.
too-old-restart = Recommencer depuis { $service }
too-old-school = Retournez sur le site de l'établissement et cliquez à nouveau sur MON ENT.
continue-title = Vous êtes connecté(e)
continue-service = Nous vous conduisons vers **{ $service }**. Si rien ne se passe, appuyez sur Continuer.
continue-logout-service = Nous vous ramenons vers **{ $service }**. Si rien ne se passe, appuyez sur Continuer.
continue-logout = Vous avez quitté votre compte. Si rien ne se passe, appuyez sur Continuer.
continue-account = Nous vous conduisons à votre compte. Si rien ne se passe, appuyez sur Continuer.
logout-title = Se déconnecter ?
logout-service = Vous quittez { $service } et votre compte sur cet appareil.
logout-any = Vous quittez votre compte sur cet appareil.
logout-stay = Ne pas me déconnecter
logged-out-title = Vous êtes déconnecté(e)
logged-out-service = Vous êtes déconnecté(e) de { $service } et de votre compte.
logged-out = Vous êtes déconnecté(e) de votre compte.
logged-out-open = Encore ouvert :
logged-out-shared = Fermez le navigateur si vous partagez cet appareil.
logged-out-upstream = Votre session chez « { $upstream } » est encore ouverte : sur un ordinateur partagé, fermez-la aussi.
logged-out-upstream-go = Fermer la session chez « { $upstream } »
logged-out-again = Se connecter à nouveau

## General pages
not-found-title = Cette page n'existe pas.
not-found-next = L'adresse a peut-être été mal recopiée, ou la page a changé de place.
fault-title = Quelque chose n'a pas fonctionné chez nous.
fault-next = Rien n'est perdu : revenez en arrière et recommencez.
busy-title = Un peu de patience
busy-next = Rien n'est perdu. Rechargez cette page à ce moment-là.
forbidden-title = Ce formulaire ne vient pas de notre site
forbidden = Par sécurité, nous n'avons rien fait de ce qui a été envoyé.
forbidden-next = Passez par l'accueil et recommencez. Si vous étiez bien chez nous, rechargez la page avant de la remplir à nouveau.
too-large-title = C'est trop long pour cette page
too-large = Revenez en arrière et n'indiquez que ce qui est demandé.
bad-form-title = Nous n'avons pas compris ce formulaire
bad-form = Revenez en arrière, rechargez la page et remplissez-la à nouveau. Si cela continue, prenez un autre navigateur, ou appelez l'établissement et donnez-lui le code d'assistance.
method-title = Cette page ne s'ouvre pas ainsi
method = Passez par l'accueil et recommencez.
browser-title = Ce navigateur ne fonctionne pas ici.
browser-next = Utilisez Firefox, Chrome, Edge ou Safari.
browser-where = Sur un téléphone, le navigateur déjà présent convient presque toujours.
help-title = Aide
help-password-title = Créer un bon mot de passe
data-title = Vos données
access-title = Accessibilité

## Text message: GSM-7 characters only
call-code = { $service }. Bonjour. Votre code est : { $digits }. Je répète : { $digits }. Ce code est valable trente minutes. Ne le donnez à personne. Au revoir.
sms-code =
    { $service } : votre code est { $code }. Valable 30 minutes. Ne le donnez à personne.
    @{ $host } #{ $code }

# Ce qui est partagé
form-post-title = Retour vers le service
form-post = Nous vous ramenons vers le service. Si rien ne se passe, appuyez sur Continuer.
trial-full-title = Ce service est à l'essai
trial-full = { $service } est un nouveau service. Pendant l'essai, cent personnes au plus peuvent s'y connecter, et elles le font déjà. Ce n'est pas de votre fait : votre compte fonctionne, et rien n'a été partagé.
trial-full-until = L'essai se termine le { $day } à { $hour }. Revenez ensuite : le service sera ouvert à tous ceux qu'il concerne.
trial-full-ask = Si vous ne pouvez pas attendre, demandez à { $service } comment faire sans vous connecter.
consent-trial = Service à l'essai depuis le { $day } : cent personnes au plus s'y connectent pour commencer. Nous ne vous le dirons qu'une fois.
consent-title = Partager avec { $service } ?
consent-shared = Ce service vous reconnaîtra et recevra :
consent-name = Votre nom
consent-profile = Votre rôle
consent-profile-guardian = Responsable d'élève
consent-profile-pupil = Élève
consent-email = Votre adresse e-mail
consent-phone = Votre portable
consent-schooling = Votre établissement et votre classe
consent-children = Vos enfants
consent-pupil-numbers = Le numéro d'élève
consent-pupil-numbers-where = Celui de chaque établissement
consent-nothing = Ce service vous reconnaîtra à chaque visite. Il ne recevra ni votre nom, ni ceux de vos enfants.
consent-never = Il ne verra jamais votre identifiant ni votre mot de passe.
consent-lasting = Il demande aussi à garder cet accès pendant 30 jours, même après votre déconnexion.
consent-policy = Ce que { $service } fait de vos données
consent-terms = Les conditions de { $service }
consent-yes = Accepter et continuer
consent-no = Refuser
consent-remembered = Nous gardons votre accord. Vous pouvez le retirer à tout moment depuis votre compte.
account-service-since = accepté le { $date }
account-withdraw = Retirer mon accord
account-withdraw-for = Retirer mon accord pour { $service }

## Letters and the leaflet, printed
printed-title-one = { $service } : lettre pour { $name }
printed-title-many = { $service } : lettres, { $school }
printed-to = Pour **{ $name }**
printed-role-parent = parent ou responsable légal
printed-role-parent-in-person = parent ou responsable légal · en main propre ou par la poste
printed-heading-pupil = Mon compte pour l'ENT
printed-heading-parent = Votre compte pour suivre vos enfants
printed-lead-pupil = Ce compte est personnel. Il sert dans tous les établissements, jusqu'à la fin du lycée.
printed-lead-parent = Un seul compte pour tous vos enfants, dans tous les établissements, jusqu'à la fin du lycée.
printed-lead-factor = Cette feuille sert à choisir un nouveau mot de passe sans votre deuxième preuve, à partir du lendemain à 9 h. Cette preuve est alors enlevée.
printed-lead-reset = Cette feuille sert à choisir un nouveau mot de passe. L'identifiant reste le même.
printed-identifiant = Identifiant
printed-code-first = Code, pour la première fois
printed-code-reset = Code, pour un nouveau mot de passe
printed-until = Ce code sert **une fois**,
    jusqu'au **{ $date }**.
printed-qr = Code QR : ouvre la page avec l'identifiant et le code déjà remplis
printed-scan = Avec un téléphone ou une tablette : visez ce carré.
printed-how = Que faire ?
printed-go-pupil = Allez sur **{ $address }**
printed-go-parent = Allez sur **{ $address }**, avec un téléphone ou un ordinateur.
printed-copy = Recopiez l'identifiant et le code.
printed-copy-note = Dans le code, il n'y a ni zéro ni lettre O, ni chiffre 1 ni lettres I ou L.
printed-date-pupil = Indiquez votre date de naissance.
printed-date-parent = Indiquez la date de naissance de vos enfants.
printed-choose-pupil = Choisissez votre mot de passe. Des idées sont proposées.
printed-choose-parent = Choisissez votre mot de passe.
printed-warning-pupil = **Cette feuille est comme une clé.** Ne la prêtez pas, ne la prenez pas en photo. Personne dans l'établissement n'a besoin de votre mot de passe.
printed-warning-parent = **Cette feuille est comme une clé.** Elle n'est que pour vous : ne la confiez pas à votre enfant, ne la prenez pas en photo. L'établissement ne vous demandera jamais votre mot de passe.
printed-trouble = En cas de problème
printed-trouble-pupil = Feuille perdue, code qui ne marche pas, nom mal écrit : passez à la vie scolaire. Vous recevez une autre feuille, et celle-ci ne sert plus.
printed-trouble-parent = Code qui ne marche pas, nom ou enfant qui n'est pas le bon : appelez l'établissement. Donnez-lui votre numéro de portable : les fois suivantes, un SMS suffira.
printed-cut = ✂ Une fois le mot de passe choisi, gardez ce morceau à la maison.
printed-keep = { $service }, { $name }
printed-my-password = Mon mot de passe
printed-to-fill = à remplir
printed-foot = Imprimée le { $date }, { $school }
printed-sheet = feuille { $number }
printed-sheet-class = { $class }, feuille { $number }
printed-foot-data = Vos données : { $address }
leaflet-to = Pour **les familles**
leaflet-title = Activer votre compte pour l'ENT
leaflet-lead = Un seul compte pour tous vos enfants, dans tous les établissements, de la 6e à la terminale. Il est personnel et à activer **dans les 15 jours**.
leaflet-prepare = **À préparer :** un ordinateur ou un téléphone avec Firefox, Chrome, Edge ou Safari (Internet Explorer ne fonctionne pas), un stylo, le téléphone portable dont l'établissement a le numéro, la date de naissance de vos enfants.
leaflet-1 = Sur le site de l'établissement, cliquez sur **MON ENT**, de préférence avec un ordinateur et Firefox.
leaflet-1-site = Sur le site de l'établissement (**{ $site }**), cliquez sur **MON ENT**, de préférence avec un ordinateur et Firefox.
leaflet-2 = Choisissez « Élève ou parent », puis la ligne de votre académie avec **{ $service }**, et **Valider**.
leaflet-2-choice = Choisissez « Élève ou parent », puis **{ $choice }**, et **Valider**.
leaflet-3 = Cliquez sur **Je n'ai pas de compte**.
leaflet-4 = Saisissez votre nom, votre prénom et le **numéro de portable** que l'établissement connaît.
leaflet-5 = Saisissez le **code reçu par SMS** sur ce portable. Il est valable 30 minutes.
leaflet-6 = Rattachez vos enfants : pour chacun, répondez **Oui**, indiquez sa **date de naissance**, puis **Confirmer**.
leaflet-7 = **Relevez votre identifiant** : notez-le en bas de cette feuille.
leaflet-8 = **Choisissez votre mot de passe** et saisissez-le deux fois : au moins 8 caractères, dont 1 minuscule, 1 majuscule, 1 chiffre et 1 caractère spécial (+-*/&@.!?;:()[]$£,%µ). Cliquez sur **Terminer**.
leaflet-9 = Continuez vers l'ENT. Les fois suivantes, cliquez sur **MON ENT** et connectez-vous avec cet identifiant et ce mot de passe.
leaflet-10 = Dans l'ENT, choisissez le bon portail : **{ $school }**.
leaflet-trouble = Pas de portable, code qui n'arrive pas, enfant qui manque : appelez l'établissement. Toutes les réponses : **{ $address }**
leaflet-keep = ✂ { $service } : à garder précieusement, jusqu'à la fin de la terminale (générale ou professionnelle).
leaflet-identifiant = Mon identifiant

## A forgotten username
forgotten-identifiant-page = Identifiant oublié
forgotten-identifiant-intro = Indiquez qui vous êtes. Un code part par SMS vers votre portable ; il permet d'afficher votre identifiant.
forgotten-phone-why = Indiquez le numéro de téléphone portable communiqué à l'école ou à l'établissement scolaire.
forgotten-otherwise = Autrement
forgotten-number-changed = **Numéro changé, ou pas de portable :** l'établissement de votre enfant corrige le numéro ou vous remet une lettre.
forgotten-pupil-sheet = **Élève :** l'identifiant est sur la feuille de l'établissement. Perdue ? Demandez-en une autre à la vie scolaire.
retrieved-title = Votre identifiant
retrieved-keep = Notez-le sur votre feuille. Il sert pour tous vos enfants, jusqu'à la fin du lycée.

## A new password by mail
recovery-mail-title = J'indique le code reçu par e-mail
recovery-mail-sent = Si l'identifiant **{ $identifiant }** existe et si une adresse y est confirmée depuis deux jours, un message vient de partir. Le code qu'il contient est valable 30 minutes.
recovery-have-email = Vous avez confirmé une adresse e-mail ?
recovery-by-mail = Recevoir le code par e‑mail
recovery-by-sms = Recevoir le code par SMS
recovery-nothing-junk = Regardez aussi dans les courriers indésirables. Une adresse confirmée il y a moins de deux jours ne sert pas encore.
recovery-pupil-parent = Avant { $age } ans, votre parent peut vous donner un code depuis son compte.
recovery-pupil-mail = À partir de { $age } ans, si vous avez confirmé une adresse e-mail : indiquez votre identifiant ci-dessus, puis demandez le code par e-mail.
recovery-untrusted-email = Depuis l'envoi du code, cette adresse ne sert plus pour ce compte. Par prudence, rien n'a changé.
mail-recovery-subject = { $service } : votre code
mail-recovery =
    { $service } : le code pour choisir un nouveau mot de passe est { $code }. Il est valable 30 minutes, sur la page où vous l'avez demandé.

    Si vous n'avez rien demandé, ne faites rien : ce code seul ne change pas votre mot de passe. Ne le donnez à personne.

    { $host }

## A new password
recovery-title = Mot de passe oublié
recovery-intro = Un code part par SMS vers le portable que l'établissement connaît. Ensuite, la date de naissance de vos enfants vous sera demandée.
recovery-identifiant-empty = Indiquez votre identifiant.
recovery-identifiant-malformed = Un identifiant ressemble à p.nomXX : une lettre, un point, un nom, deux chiffres.
recovery-pupil-title = Vous êtes élève ?
recovery-pupil = À tout âge, l'établissement peut imprimer une nouvelle feuille avec un code. Demandez-la à la vie scolaire.
recovery-code-title = J'indique le code reçu par SMS
recovery-code-sent = Si l'identifiant **{ $identifiant }** existe et si l'établissement connaît un portable, un SMS vient de partir. Le code qu'il contient est valable 30 minutes.
recovery-nothing-wait = Attendez deux minutes, puis vérifiez l'identifiant sur votre feuille.
recovery-nothing-number = Votre numéro a changé ? L'établissement seul peut le corriger. Il peut aussi vous remettre une lettre avec un code. Donnez-lui le code d'assistance.
recovery-nothing-letter = L'établissement peut aussi vous remettre une lettre avec un code. Donnez-lui le code d'assistance.
recovery-correct = Corriger l'identifiant
recovery-new-password = Mon nouveau mot de passe
recovery-done = Par prudence, vos autres appareils devront se reconnecter avec ce mot de passe.
recovery-nothing-to-ask = L'établissement ne nous indique aucun enfant : nous ne pouvons pas vérifier que c'est bien vous.
recovery-none-right = Aucune date ne correspond. Votre compte reste comme il est. L'établissement est averti.
recovery-none-right-next = Appelez le secrétariat, donnez-lui ce code et faites vérifier la date de naissance de votre enfant. Il peut aussi vous remettre une lettre avec un code.
recovery-letter-withdrawn = L'établissement a retiré la feuille de ce code : il ne sert plus. Votre compte reste comme il est.
recovery-overtaken = Le mot de passe de votre compte a été choisi dans un autre navigateur ou un autre onglet. Connectez-vous avec lui. Si ce n'était pas vous, choisissez-en un autre.
recovery-restart = Choisir un nouveau mot de passe
recovery-expired-title = Cette demande a plus de deux heures
recovery-expired = Par sécurité, elle s'arrête là. Recommencez : rien n'a changé dans votre compte.
recovery-unknown-title = Nous ne retrouvons pas votre demande
recovery-unknown = Elle a été commencée dans un autre navigateur, ou il y a plus de deux heures. Recommencez ici : rien n'a changé dans votre compte.
young-title = Votre numéro vient de changer
young = L'établissement a enregistré ce portable le **{ $since }**. Pour que personne d'autre ne prenne votre compte, vous pourrez choisir un nouveau mot de passe **à partir du { $day } à { $hour }**.
young-faster-title = Pour aller plus vite
young-faster = Passez à l'établissement avec une pièce d'identité : il vous remet une lettre avec un code, qui sert tout de suite.
letter-needed-title = Une lettre de l'établissement est nécessaire
letter-needed = Ce portable n'a pas été vérifié depuis longtemps : il pourrait être à quelqu'un d'autre.
letter-needed-next = Demandez à l'établissement une lettre avec un code, et donnez-lui ce code d'assistance.

## A letter with a code
letter-have = J'ai une feuille avec un code
letter-title = Utiliser une feuille avec un code
letter-intro = Il faut la feuille donnée par l'établissement. Tout est écrit dessus.
letter-identifiant-hint = En haut de la feuille. Il ressemble à e.martin07
letter-code = Code de la feuille
letter-code-hint = 12 lettres et chiffres, avec ou sans tirets, en majuscules ou en minuscules
letter-code-empty = Indiquez le code de la feuille.
letter-code-wrong_form = Le code a 12 lettres et chiffres. Relisez-le, groupe par groupe.
letter-code-slip = Il y a une faute de frappe dans le code. Relisez-le, groupe par groupe.
letter-code-confusable = Dans ce code, il n'y a ni zéro ni lettre O, ni chiffre 1 ni lettres I ou L.
letter-refused = Ce code ne va pas
letter-wrong = L'identifiant et le code ne vont pas ensemble. Relisez les deux sur la feuille. Il reste { $left ->
    [one] { $left } essai
   *[other] { $left } essais
  } aujourd'hui.
letter-used = Ce code a déjà servi le { $date }
letter-used-short = Ce code a déjà servi.
letter-used-next = Votre compte existe : connectez-vous avec votre mot de passe. Vous ne l'avez plus ? L'établissement peut imprimer une nouvelle feuille.
letter-used-not-me = Si ce n'est pas vous qui l'avez utilisé, dites-le à l'établissement aujourd'hui.
letter-replaced = Une feuille plus récente existe : prenez celle du { $date }.
letter-expired = Ce code n'est plus valable depuis le { $date }.
letter-expired-next = L'établissement en imprime un autre.
letter-sign-in = Se connecter avec mon mot de passe
letter-none = Je n'ai pas de feuille
letter-none-next = Élève : demandez-la à votre professeur principal ou à la vie scolaire. Parent : demandez-la à l'établissement.
letter-trouble = Mon code ne marche pas
letter-trouble-next = Un code sert une seule fois. Si vous avez reçu deux feuilles, prenez la plus récente. Sinon, l'établissement en imprime une autre.
birth-title = C'est bien moi
birth-for = Cette feuille est pour **{ $name }**, { $school }.
birth-for-code = Ce code est pour **{ $name }**, { $school }.
birth-label = Ma date de naissance
birth-refused = La date ne va pas
birth-no-more = Trop d'essais. Revenez demain à partir de { $hour }, ou passez à la vie scolaire avec votre feuille.
birth-not-me = Ce n'est pas mon nom ?
birth-not-me-next = Vous avez la feuille de quelqu'un d'autre. Rendez-la, sans utiliser le code.
birth-not-me-code = Ce code est celui de quelqu'un d'autre. Ne l'utilisez pas.
ideas-secret = C'est un secret. Ne le dites à personne, même à un ami, même à un professeur.
ideas-title = Trois idées, rien que pour vous
ideas-intro = Prenez-en une, ou inventez la vôtre.
ideas-more = D'autres idées

## The change of the password
change-password-title = Changer mon mot de passe
change-password-effect = Sur vos autres appareils, il faudra vous connecter à nouveau.
change-password-current = Mot de passe actuel
change-password-new = Nouveau mot de passe
change-password-submit = Changer mon mot de passe
change-password-refused = Votre mot de passe n'a pas changé
current-password-empty = Indiquez votre mot de passe actuel.
current-password-wrong = Ce n'est pas votre mot de passe actuel. Majuscules et minuscules comptent.
current-password-busy = Beaucoup de familles se connectent en ce moment. Réessayez dans { $seconds ->
    [one] { $seconds } seconde
   *[other] { $seconds } secondes
}.
current-password-waiting = Trop d'essais. Réessayez à { $until }.
change-password-done = Votre mot de passe est changé. L'ancien ne sert plus. Sur vos autres appareils, connectez-vous avec le nouveau.

## Answers that wait, and words of ideas
notice-later = Vous pourrez répondre sur cet appareil à partir du { $day } à { $hour }. Si ce n'était pas vous, changez votre mot de passe dès maintenant.
ideas-words = Ce sont des mots français, sans accent.

## Numbers that a school replaced, and closings
notice-closing-soon-title = Votre compte reste ouvert
notice-closing-soon = Nous vous avons dit { $when } qu'il allait fermer. Ce n'est plus le cas.
notice-phone-changed-title = L'établissement a remplacé votre portable par un autre
notice-phone-changed = C'était { $when }. Si c'est une erreur, appelez l'établissement.
sms-notice-phone-changed = { $service } : l'établissement a remplacé ce numéro par un autre. Si c'est une erreur, appelez-le.
sms-notice-closing = { $service } : votre compte fermera le { $day }. Connectez-vous pour le garder.
sms-notice-closing-soon = { $service } : votre compte fermera le { $day }. Connectez-vous pour le garder.

## An address that is taken back
email-former = Vous n'avez pas changé d'adresse vous-même ?
email-former-how = Reprenez l'ancienne : indiquez votre mot de passe ci-dessus, puis choisissez-la. L'autre ne servira plus.
email-former-until = Possible jusqu'au { $day }
email-take-back = Reprendre { $address }
event-email-taken-back = Ancienne adresse e-mail reprise
mail-address-undone =
    { $service } : cette adresse n'est plus celle de votre compte. L'adresse d'avant a été reprise.

    Si ce n'était pas vous : connectez-vous et choisissez un nouveau mot de passe, ou appelez l'établissement.

    { $host }

## The e-mail address
caution = Par prudence, après un changement récent, ceci sera possible à partir du { $day } à { $hour }.
email-title = Mon adresse e-mail
email-what-for = Elle est facultative. Elle sert à vous prévenir si quelqu'un touche à votre compte.
email-recovers = Deux jours après sa confirmation, elle peut aussi recevoir un code si vous oubliez votre mot de passe.
email-recovers-from = À partir de { $age } ans, et deux jours après sa confirmation, elle peut aussi recevoir un code si vous oubliez votre mot de passe.
email-label = Adresse e-mail
email-send = Recevoir un code à cette adresse
email-invalid = Vérifiez l'adresse : elle ressemble à prenom.nom@exemple.fr.
email-sent = Un message part vers **{ $address }**. Il contient un code, valable 24 heures. Tant que vous ne l'indiquez pas ici, cette adresse ne sert à rien.
email-confirm = Confirmer mon adresse
email-nothing = Regardez dans les courriers indésirables. Votre compte marche aussi sans adresse.
email-again = Corriger l'adresse, ou recevoir un autre code
email-confirmed = Votre adresse confirmée est **{ $address }**.
email-remove = Retirer mon adresse
email-told-removed = Votre adresse est retirée.
email-told-taken_back = L'ancienne adresse est reprise. L'autre ne sert plus.
email-told-too_late = Rien n'est repris.
mail-confirm-subject = { $service } : votre code
mail-confirm =
    { $service } : le code pour confirmer votre adresse est { $code }. Il est valable 24 heures, sur la page où vous l'avez demandé.

    Si vous n'avez rien demandé, ne faites rien : l'adresse ne sert à rien sans ce code.

    { $host }
mail-address-changed-subject = { $service } : votre adresse e-mail a changé
mail-address-changed =
    { $service } : cette adresse n'est plus celle de votre compte.

    Si ce n'était pas vous : connectez-vous et choisissez un nouveau mot de passe, ou appelez l'établissement. Pendant 7 jours, cette adresse peut être reprise : page Mon compte, bouton « Changer mon adresse » ou « Ajouter une adresse ».

    { $host }

## Ce qui est arrivé au compte : bandeau, message, SMS
device-label = { $browser } sur { $system }
notice-new-device-title = Une connexion depuis un nouvel appareil
notice-new-device = C'était { $when }, avec { $detail }. C'était vous ?
notice-new-device-unnamed = C'était { $when }. C'était vous ?
notice-password-replaced-title = Votre mot de passe a été changé
notice-password-replaced = C'était { $when }, depuis un autre appareil. C'était vous ?
notice-factors-failed-title = Cinq codes faux pour votre deuxième preuve
notice-factors-failed = C'était { $when }. Qui les a tapés connaît peut-être votre mot de passe. C'était vous ?
notice-passwords-failed-title = Des mots de passe faux pour votre compte
notice-passwords-failed = Dans l'heure avant { $when }, cinq mots de passe faux ou plus. Aucun n'a ouvert le compte. C'était vous ?
notice-upstream-linked-title = Une connexion par FranceConnect a été reliée à votre compte
notice-upstream-linked = C'était { $when }, depuis un autre appareil. C'était vous ?
notice-email-changed-title = Votre adresse e-mail a changé
notice-email-changed = C'était { $when }, depuis un autre appareil. C'était vous ?
notice-letter-printed-title = Une lettre avec un code a été imprimée pour vous
notice-letter-printed = C'était { $when }, à l'établissement { $detail }. L'aviez-vous demandée ?
notice-phone-disowned-title = Votre portable ne sert plus pour ce compte
notice-phone-disowned = C'était { $when }, depuis un autre appareil. C'était vous ?
notice-child-added-title = Un enfant a été ajouté à votre compte
notice-child-added = { $detail }, { $when }, depuis un autre appareil. C'était vous ?
notice-child-removed-title = Un enfant a été retiré de votre compte
notice-child-removed = { $detail }, { $when }, depuis un autre appareil. C'était vous ?
notice-code-requested-title = Un parent a demandé un code
notice-code-requested = C'était { $when }, pour vous aider à choisir un nouveau mot de passe.
notice-pupil-recognised-title = Un autre établissement a reconnu votre compte
notice-pupil-recognised = { $detail }, { $when }. L'identifiant et le mot de passe restent les mêmes. Si vous n'y êtes pas élève, dites-le à votre établissement.
notice-child-gone-title = Un enfant n'est plus dans votre compte
notice-child-gone = { $detail } : l'établissement n'indique plus de lien légal entre vous. Lui seul peut corriger.
notice-pupil-detached-title = Un établissement n'est plus dans votre compte
notice-pupil-detached = { $detail }, { $when }. Si vous y êtes élève, demandez-y une feuille avec un code.
notice-closing-title = La fermeture de votre compte a été demandée
notice-closing = C'était { $when }. Votre compte reste ouvert.
notice-closing-childless-title = Votre compte reste ouvert
notice-closing-childless = Nous vous avons dit { $when } qu'il allait fermer, parce qu'aucun enfant n'y était rattaché depuis trois mois. Ce n'est plus le cas.
notice-closing-unenrolled-title = Votre compte reste ouvert
notice-closing-unenrolled = Nous vous avons dit { $when } qu'il allait fermer, parce qu'aucun établissement ne vous comptait parmi ses élèves depuis trois mois. Ce n'est plus le cas.
notice-closing-pending-title = Votre compte va bientôt fermer
notice-closing-pending = Il fermera le { $day }. Pour le garder, déconnectez-vous, puis connectez-vous de nouveau.
notice-closing-pending-childless = Il fermera le { $day }, parce qu'aucun enfant n'y est rattaché depuis trois mois. Pour le garder, déconnectez-vous, puis connectez-vous de nouveau.
notice-closing-pending-unenrolled = Il fermera le { $day }, parce qu'aucun établissement ne vous compte parmi ses élèves depuis trois mois. Pour le garder, déconnectez-vous, puis connectez-vous de nouveau.
notice-parent-codes-ended-title = À votre âge, vos parents ne reçoivent pas de code pour votre compte
notice-parent-codes-ended = Vous avez { $detail } ans ou plus : votre compte est à vous. En cas d'oubli du mot de passe, l'établissement vous remet une nouvelle feuille.
notice-parent-codes-ended-mail = Vous avez { $detail } ans ou plus : votre compte est à vous. En cas d'oubli du mot de passe, votre adresse e-mail sert si vous l'avez confirmée ; sinon, l'établissement vous remet une nouvelle feuille.
notice-of-age-title = Qui voit quoi de vous à dix-huit ans
notice-of-age = Tant que l'établissement les indique comme responsables légaux, vos parents, et les services où ils se connectent, voient votre prénom, votre établissement et votre classe. Ils ne voient ni votre mot de passe, ni votre adresse e-mail, ni vos connexions. Pour mettre fin à ce lien, demandez à l'établissement.
notice-mine = Oui, c'était moi
notice-not-mine = Non, ce n'était pas moi
notice-seen = J'ai compris
notice-not-mine-done = Les sessions de vos autres appareils sont fermées. Choisissez maintenant un nouveau mot de passe.
notice-mail-subject = { $service } : { $what }
notice-mail =
    { $service } : { $what }, { $day } à { $hour }.

    Si ce n'était pas vous : connectez-vous et choisissez un nouveau mot de passe, ou appelez l'établissement.

    { $host }
notice-mail-device =
    { $service } : { $what }, { $day } à { $hour }, avec { $device }.

    Si ce n'était pas vous : connectez-vous et choisissez un nouveau mot de passe, ou appelez l'établissement.

    { $host }
notice-mail-info =
    { $service } : { $what }, { $day } à { $hour }.

    Pour en savoir plus : connectez-vous.

    { $host }
notice-mail-closing-soon-subject = { $service } : votre compte va bientôt fermer
notice-mail-closing =
    { $service } : votre compte fermera le { $closes }. Connectez-vous pour le garder.

    { $host }
notice-mail-childless-subject = { $service } : votre compte va fermer
notice-mail-childless =
    { $service } : votre compte va fermer le { $closes }, parce qu'aucun enfant n'y est rattaché depuis trois mois. Connectez-vous pour le garder.

    { $host }
notice-mail-unenrolled =
    { $service } : votre compte va fermer le { $closes }, parce qu'aucun établissement ne vous compte parmi ses élèves depuis trois mois. Connectez-vous pour le garder.

    { $host }
notice-mail-phone-changed =
    { $service } : { $what }, { $day } à { $hour }. Si c'est une erreur, appelez l'établissement.

    { $host }
sms-notice-password-replaced = { $service } : votre mot de passe a été changé { $when }. Si ce n'est pas vous, appelez l'établissement de votre enfant.
sms-notice-letter-printed = { $service } : { $school } a imprimé une lettre avec un code pour vous. Si vous ne l'avez pas demandée, appelez.
sms-notice-shared = Pour { $name } : { $text }
sms-reminder = { $service } : activez votre compte pour { $school } jusqu'au { $day }, par le site de l'établissement. Ne donnez de code à personne.
sms-reminder-portal = { $service } : activez votre compte pour { $school } jusqu'au { $day }, sur { $portal }. Ne donnez de code à personne.
mail-reminder-subject = { $service } : ouvrez votre compte pour { $school }
mail-reminder =
    Bonjour,

    { $school } vous invite à ouvrir votre compte { $service }, qui mène à l'ENT. Vous avez jusqu'au { $day }.

    { $where } Cliquez sur MON ENT, choisissez « Élève ou parent », puis { $service }, et « Je n'ai pas de compte ». Gardez près de vous le portable dont l'établissement a le numéro : un code y arrive par SMS.

    Pas de portable, ou un autre numéro ? Demandez au secrétariat de l'établissement une feuille avec un code, ou de noter votre numéro.

    Il n'y a pas de code dans ce message. Écrivez vous-même l'adresse du site dans votre navigateur, et ne donnez de code à personne.

    Vous n'avez pas d'enfant dans cet établissement ? Dites-le à son secrétariat : il retirera cette adresse.
mail-reminder-where = Allez sur le site de l'établissement.
mail-reminder-where-portal = Allez sur { $portal }.

## Mon compte : appareils, événements, portable, fermeture
account-identifiant = identifiant { $identifiant }
account-reach = Pour me joindre
account-phone = Portable
account-phone-ends = se termine par { $digits }
account-phone-disowned = ne sert plus : l'établissement en indiquera un autre
account-phone-for = Il sert à retrouver votre mot de passe.
account-none = aucun
account-email-for = Facultative. Elle vous prévient si quelqu'un touche à votre compte.
account-email-add = Ajouter une adresse
account-email-change = Changer mon adresse
account-mistake-title = Une erreur ?
account-mistake-pupil = Votre nom ou votre classe n'est pas juste ? Dites-le à la vie scolaire : l'établissement corrige sa fiche, et votre compte suit.
profile-enseignant = Enseignant
profile-personnel = Personnel
profile-invite = Invité
federated-signs-in = Vous vous connectez avec **{ $upstream }**. Vous n'avez ici ni identifiant ni mot de passe.
federated-family = Ce compte ne connaît pas l'établissement de vos enfants. Avec le compte que l'établissement vous donne, vous retrouvez tous vos services.
federated-activate = Activer mon compte
federated-security-title = Ma connexion et mes appareils
federated-security-door = Comment je me connecte, sur quels appareils
federated-since = Relié le { $day }, dernière connexion { $when }.
federated-mistake = Un nom ou un établissement n'est pas le bon ? Votre académie corrige sa fiche, et votre compte suit à la connexion suivante.
federated-export = Un fichier (JSON) avec votre compte, vos appareils, vos services et ce qui s'est passé. Ne le laissez pas sur un ordinateur partagé.
factor-missing-federated = Votre connexion par « { $upstream } » ne le prouve pas, et ce compte n'a pas de preuve à lui. Demandez à votre académie comment l'ajouter.
account-school-computer = Sur un ordinateur de l'établissement, déconnectez-vous toujours.
security-title = Mot de passe et appareils
security-door = Changer mon mot de passe, voir mes appareils
security-no-password = Ce compte n'a pas de mot de passe.
security-choose-password = Choisir un mot de passe
security-password-since = Choisi le { $day }.
security-devices = Mes appareils
security-this = cet appareil
security-unnamed = Appareil sans nom
security-signed-in = Session ouverte { $when }
security-seen = Pas de session · dernière fois { $when }
security-sign-out = Déconnecter et oublier
security-sign-out-for = Déconnecter et oublier { $device }
security-forget = Oublier
security-forget-for = Oublier { $device }
security-known = Un appareil de cette liste n'est pas bloqué quand un inconnu essaie votre identifiant ailleurs.
security-forget-others = Déconnecter tous les autres appareils
events-title = Ce qui s'est passé
events-door = Connexions, mots de passe, lettres
events-all = Tout voir
events-term = Ce qui est arrivé à votre compte est gardé 13 mois.
events-none = Rien d'autre.
events-older = Plus ancien
events-newest = Revenir au plus récent
event-signed-in = Connexion
event-signed-out = Déconnexion
event-upstream-linked = Connexion par une académie ou FranceConnect reliée
event-upstream-unlinked = Connexion par une académie ou FranceConnect retirée
event-passwords-failed = Mots de passe faux
event-codes-failed = Codes faux
event-birth-dates-failed = Dates de naissance fausses
event-locked-out = Trop d'essais : attente imposée
event-activation-started = Activation commencée
event-recovery-started = Mot de passe oublié : code demandé
event-email-confirmed = Adresse e-mail confirmée
event-email-removed = Adresse e-mail retirée
event-letter-issued = Lettre avec un code imprimée
event-letter-withdrawn = Lettre retirée par l'établissement
event-children-confirmed = Enfants confirmés
event-child-contested = Enfant retiré du compte
event-child-set-aside = Enfant mis de côté : date fausse
event-password-chosen = Mot de passe choisi
event-password-replaced = Mot de passe changé
event-consent-given = Accord donné à un service
event-consent-withdrawn = Accord retiré à un service
event-device-forgotten = Appareil déconnecté et oublié
event-phone-disowned = Portable retiré
event-closing-requested = Fermeture du compte demandée
event-closing-withdrawn = Fermeture annulée par une connexion
event-not-mine-reported = « Ce n'était pas moi »
event-identifiant-given = Identifiant attribué
proof-why = Pour vérifier que c'est vous
proof-upstream = Ce compte n'a pas de mot de passe. Si vous ne venez pas de vous connecter, vous confirmez d'abord avec { $upstream }, puis vous revenez ici.
caution-title = Pas encore
phone-title = Ce n'est plus mon portable
phone-effect = Le numéro qui se termine par { $digits } ne recevra plus de code ni de message pour ce compte.
phone-school = L'établissement seul peut en indiquer un autre : il est averti. D'ici là, un mot de passe oublié se remplace avec une lettre de l'établissement.
phone-submit = Retirer ce numéro
phone-gone = Aucun numéro ne sert pour ce compte. L'établissement peut en indiquer un autre.
phone-question = Votre portable est-il toujours … { $digits } ?
phone-question-why = Il sert à retrouver votre mot de passe. Répondre « oui » ne le vérifie pas : sans vérification pendant deux ans, il ne sert plus.
phone-question-yes = Oui, c'est toujours mon portable
phone-question-no = Non, ce n'est plus mon portable
phone-question-check = Le vérifier avec un code reçu par SMS
event-phone-kept = Portable toujours le même
phone-proof-title = Vérifier mon portable
phone-proof-door = C'est toujours mon portable : le vérifier
phone-proof-mistake = C'était une erreur : que faire ?
phone-proof-none = L'établissement ne connaît aucun portable pour vous. Lui seul peut en indiquer un.
phone-proof-given-up = Vous avez indiqué que le numéro qui se termine par **{ $digits }** n'est plus le vôtre. Il ne sert plus. Si c'était une erreur, il revient en deux temps :
phone-proof-given-up-1 = l'établissement confirme ce numéro : appelez-le, puis attendez qu'il transmette sa fiche de nouveau ;
phone-proof-given-up-2 = vous revenez sur cette page, et vous indiquez le code reçu par SMS sur ce portable.
phone-proof-given-up-else = Si le numéro a changé, donnez le nouveau à l'établissement : il n'y a rien à faire ici.
phone-proof-back = Vous aviez indiqué que le numéro qui se termine par **{ $digits }** n'était plus le vôtre. Depuis, l'établissement l'a transmis de nouveau. Si c'est bien votre portable, vérifiez-le avec un code : il servira de nouveau.
phone-proof-what = Un SMS avec un code part vers le numéro qui se termine par **{ $digits }**. Indiquez ensuite le code ici : le numéro reste utile pour retrouver votre mot de passe.
phone-proof-proven = Dernière vérification : le { $day }.
phone-proof-send = Recevoir un code par SMS
phone-proof-sent = Un SMS part vers le numéro qui se termine par **{ $digits }**. Son code est valable 30 minutes.
phone-proof-confirm = Vérifier ce portable
phone-proof-nothing = Attendez deux minutes. Si le numéro a changé, l'établissement seul peut le corriger.
phone-proof-again = Recevoir un autre code
phone-proof-young = L'établissement vient d'indiquer ce numéro. Vous pourrez le vérifier à partir du { $day } à { $hour }.
event-phone-proof-asked = Portable : code demandé
event-phone-proven = Portable vérifié
event-phone-restored = Portable de nouveau utilisé
notice-phone-restored-title = Votre portable sert de nouveau pour ce compte
notice-phone-restored = C'était { $when }, avec un code reçu par SMS. C'était vous ?
close-title = Fermer mon compte
close-door = Tout arrêter, avec 30 jours pour changer d'avis
close-effect = Vos enfants restent inscrits à l'établissement. Vous n'aurez plus accès à l'ENT, aux bourses ni aux autres services avec ce compte.
close-today = **Aujourd'hui**, vos sessions se ferment partout.
close-meanwhile = **Pendant 30 jours**, il suffit de vous connecter pour tout garder.
close-then = **Le { $day }**, mot de passe et adresse e-mail sont effacés. L'identifiant { $identifiant } ne sera plus donné à personne.
account-no-email = aucune

## Mes enfants
children-door-title = Mes enfants : ajouter, retirer
children-door = Un code pour un enfant qui a oublié son mot de passe
children-offered = Un enfant à ajouter
children-offered-text = { $school } indique, pour vous : **{ $name }** Si vous êtes responsable légal(e) de cet enfant, indiquez sa date de naissance.
children-add = Ajouter { $name }
children-born = { $name } est né(e) le
children-identifiant = Son identifiant : { $identifiant }
children-forgot = { $name } a oublié son mot de passe
children-old-enough = { $name } est en âge de gérer son compte. En cas d'oubli, l'établissement remet une nouvelle feuille.
children-no-more = Trop d'essais. Réessayez demain à partir de { $hour }.
children-school-sheet = En cas d'oubli, l'établissement remet une nouvelle feuille à { $name } dès son ouverture.
children-not-mine = { $name } n'est pas mon enfant
children-remove-effect = { $name } ne sera plus dans vos services. L'établissement est averti et corrige sa fiche.
children-remove = Retirer { $name } de mon compte
children-link-ended = { $school } n'indique plus de lien légal entre vous et { $name } depuis le { $day }. Lui seul peut corriger.
children-link-ended-nameless = { $school } n'indique plus de lien légal entre vous et un de ses élèves depuis le { $day }. Lui seul peut corriger.
children-missing = Il manque un enfant
children-missing-next = Votre enfant vient d'arriver dans un établissement ? Attendez deux jours. Sinon, l'établissement ne vous connaît peut-être pas sous ce nom ou ce portable : demandez-lui une lettre, et indiquez ici son code.
child-code-title = Un code pour { $name }
child-code-what = { $name } choisira un nouveau mot de passe avec ce code, valable 24 heures. Vous n'avez pas à connaître ce mot de passe.
child-code-own-password = Votre mot de passe
child-code-get = Obtenir un code
child-code-too-many = Trois codes ont déjà été demandés pour { $name } en 24 heures. Le prochain : à partir de { $hour }.
child-code-give = Donnez ces deux lignes à { $name }, qui choisit ensuite son mot de passe. Vous n'avez pas à le connaître.
child-code-identifiant = Son identifiant
child-code-code = Son code, jusqu'au { $day } à { $hour }
child-code-where = Où l'utiliser ?
child-code-where-text = Sur la page de connexion, à la place du mot de passe.
child-code-once = Ce code sert une fois. Sur son compte, { $name } verra qu'un parent l'a demandé. L'ancien mot de passe marche encore, jusqu'au nouveau.

## Mes services
services-title = Mes services
services-door = Ce que chacun reçoit de moi
services-intro = Voici ce que chaque service reçoit de vous quand vous vous connectez. Aucun ne reçoit votre mot de passe, votre identifiant ni une date de naissance.
services-none = Vous n'avez encore ouvert aucun service avec ce compte.
services-used = première connexion : { $first } · dernière : { $last }
services-name = votre nom : { $name }
services-profile = votre rôle : responsable ou élève
services-email = votre adresse e-mail
services-phone = votre portable
services-children = vos enfants :
services-schooling = votre établissement et votre classe :
services-pupil-numbers = le numéro d'élève dans l'établissement
services-subject = un numéro propre à ce service, que les autres services ne connaissent pas
services-lasting = peut revenir chercher ces données pendant 30 jours, sans que vous soyez là
services-open = Ouvrir
services-open-for = Ouvrir { $service }
services-kept = Ce que ce service a déjà reçu reste chez lui : demandez-lui de l'effacer.
services-chosen = L'établissement ou l'académie a choisi ce service.

## Mes données
own-data-title = Mes données
own-data-door = Tout télécharger, fermer mon compte
own-data-read = Ce que nous gardons de vous se lit sur ces pages :
own-data-export = Tout télécharger
own-data-export-what = Un fichier (JSON) avec votre compte, ce que l'établissement a indiqué, vos appareils, vos services et ce qui s'est passé. Ne le laissez pas sur un ordinateur partagé.
own-data-download = Télécharger mes données
own-data-too-many = Vous avez déjà téléchargé vos données 3 fois en 24 heures. Recommencez à partir de { $hour }.
event-pupil-recognised = Compte reconnu par un autre établissement
event-pupil-detached = Établissement retiré du compte
event-account-suspended = Compte suspendu
event-account-resumed = Compte rétabli
event-password-change-forced = Nouveau mot de passe exigé
event-data-exported = Données téléchargées

## Réunir deux comptes

regroup-title = J'ai un autre compte
regroup-door = Réunir deux comptes à votre nom en un seul
regroup-intro = Deux comptes à votre nom ? Réunissez-les : un seul identifiant pour tous vos enfants. Il faut montrer que l'autre compte est aussi le vôtre.
regroup-proven-title = { $identifiant } est aussi le vôtre
regroup-proven = Le code que vous avez reçu par SMS l'a montré. Il reste une date de naissance à donner.
regroup-proven-join = Réunir ces deux comptes
regroup-other-code-over = Le code reçu par SMS ne suffit plus. Indiquez l'identifiant de l'autre compte, et son mot de passe ou le code de sa lettre.
regroup-own-password = Votre mot de passe, pour le compte où vous êtes
regroup-other = Mon autre compte
regroup-identifiant = Identifiant de l'autre compte
regroup-proof = Son mot de passe, ou le code de sa lettre
regroup-no-password = Je ne connais pas son mot de passe
regroup-no-password-text = Déconnectez-vous, choisissez un nouveau mot de passe pour cet autre compte, puis revenez ici deux jours plus tard. Ou demandez une lettre à l'établissement qui l'a créé.
regroup-other-parent = L'autre compte est celui de l'autre parent
regroup-other-parent-text = Chaque parent garde le sien : les comptes de deux personnes ne se réunissent pas.
regroup-other-empty = Indiquez l'identifiant de l'autre compte, et son mot de passe ou le code de sa lettre.
regroup-other-wrong = L'identifiant et le mot de passe, ou le code, ne vont pas ensemble. Relisez les deux ; majuscules et minuscules comptent dans le mot de passe.
regroup-other-slip = Il y a une faute de frappe dans le code. Relisez-le, groupe par groupe.
regroup-other-waiting = Trop d'essais pour cet autre compte. Réessayez à { $until }.
regroup-other-from-here = Trop d'essais depuis votre connexion internet. Réessayez à { $until }.
regroup-refused = Les comptes ne sont pas réunis
regroup-refused-same = Ces deux identifiants ouvrent déjà le même compte.
regroup-refused-names = Les noms des deux comptes ne sont pas les mêmes. L'établissement peut corriger le nom dans sa fiche ; code d'assistance { $code }. Ensuite, recommencez.
regroup-refused-keys = L'ENT connaît déjà ces comptes comme deux comptes différents : ils ne peuvent pas être réunis. Gardez les deux identifiants. Une question ? Code d'assistance { $code }.
regroup-refused-suspended = Un des deux comptes est suspendu. Appelez l'établissement ; code d'assistance { $code }.
regroup-refused-must-change = Le mot de passe du compte { $identifiant } doit d'abord être changé : déconnectez-vous, connectez-vous avec cet identifiant, puis revenez.
regroup-refused-caution = Par prudence, après un changement récent, ceci sera possible à partir du { $day } à { $hour }.
regroup-refused-factor = Cet autre compte est protégé par une deuxième preuve. Recommencez avec son mot de passe, puis montrez cette preuve.
regroup-refused-nothing = Aucun enfant de cet autre compte ne permet de vérifier une date de naissance. Appelez l'établissement ; code d'assistance { $code }.
regroup-choice-title = Réunir mes deux comptes
regroup-which = Quel compte voulez-vous garder ?
regroup-missing = Choisissez le compte à garder.
regroup-current = Celui où vous êtes.
regroup-seen = Dernière connexion le { $day }.
regroup-joins = Le compte { $identifiant } rejoint celui où vous êtes.
regroup-keeps-other = Le compte où vous êtes rejoint { $identifiant }, qui est mieux protégé et garde sa deuxième preuve.
regroup-factor-title = La deuxième preuve de l'autre compte
regroup-factor = Le compte { $identifiant } en demande une. Montrez-la comme pour vous y connecter.
regroup-factor-lost = Connectez-vous avec l'identifiant de cet autre compte : la page de sa deuxième preuve dit à qui vous adresser.
regroup-with-it = Avec lui : { $children }.
regroup-changes = Ce qui change
regroup-children = { $n ->
    [one] Le compte gardé a votre enfant.
   *[other] Le compte gardé a vos { $n } enfants.
}
regroup-alias = L'autre identifiant marche encore, avec le mot de passe du compte gardé. L'autre mot de passe ne sert plus.
regroup-services = Vos services vous reconnaissent. Dans l'ENT, cela peut prendre un jour.
regroup-devices = Sur vos autres appareils, il faudra vous connecter à nouveau.
regroup-undo-note = Vous pouvez tout défaire pendant **7 jours**, jusqu'au { $day }.
regroup-confirm = Réunir mes comptes
regroup-done = Vos comptes sont réunis. Vous pouvez les séparer de nouveau sur cette page jusqu'au { $day }.
regroup-undone = Vos deux comptes sont de nouveau séparés, chacun comme avant.
regroup-too-late = Rien n'est réuni : recommencez.
regroup-undo-title = Défaire
regroup-undo-text = Le compte { $identifiant } est réuni à celui-ci. Jusqu'au { $day }, vous pouvez le rétablir comme avant, avec ses enfants.
regroup-undo = Séparer de nouveau les deux comptes
notice-regrouped-title = Vos deux comptes ont été réunis
notice-regrouped = { $detail } et celui-ci, { $when }. Pour défaire : J'ai un autre compte. C'était vous ?
notice-regroup-undone-title = Vos deux comptes ont été séparés de nouveau
notice-regroup-undone = { $detail } et celui-ci, { $when }. C'était vous ?
sms-notice-regrouped = { $service } : vos deux comptes ont été réunis { $when }. Si ce n'est pas vous, appelez l'établissement.
event-accounts-joined = Deux comptes réunis
event-accounts-separated = Comptes réunis séparés de nouveau
regroup-children-intro = Vous aviez déjà un autre compte ?
regroup-children-link = Réunir deux comptes
child-letter-wrong = Ce code n'est pas celui d'une lettre pour votre compte. Relisez-le sur la lettre. Il reste { $left ->
    [one] { $left } essai
   *[other] { $left } essais
} aujourd'hui.
child-letter-code = Code de la lettre
child-letter-empty = Indiquez le code de la lettre.
child-letter-used = Ce code a déjà servi le { $date }. Si l'enfant n'est pas sur cette page, demandez une autre lettre à l'établissement.
child-letter-replaced = Une lettre plus récente existe : prenez celle du { $date }.
child-letter-expired = Ce code n'est plus valable depuis le { $date }. Demandez une autre lettre à l'établissement.
child-letter-add = Ajouter avec ce code
printed-heading-child = Un enfant à ajouter à votre compte
printed-lead-child = Vous avez déjà un compte : cette feuille y ajoute un enfant de cet établissement.
printed-go-child = Connectez-vous avec votre identifiant sur **{ $address }**
printed-copy-child = Ouvrez **Mes enfants : ajouter, retirer**. En bas de la page, recopiez le code.
printed-date-child = Indiquez la date de naissance de l'enfant.
printed-code-child = Code, pour ajouter un enfant
printed-qr-child = Code QR : l'adresse où vous connecter
## Deuxième preuve
factor-title = Montrez que c'est vous
factor-show = Indiquez le code à 6 chiffres que montre l'application de codes de votre téléphone.
factor-show-both = Indiquez le code à 6 chiffres que montre l'application de codes de votre téléphone, ou l'un de vos codes de secours.
factor-code = Code de l'application
factor-code-both = Code de l'application, ou code de secours
factor-code-hint = Par exemple 123 456
factor-code-hint-both = Par exemple 123 456, ou ACDE‑FHJK
factor-show-backup = Indiquez l'un de vos codes de secours.
factor-code-backup = Code de secours
factor-code-hint-backup = Par exemple ACDE‑FHJK
factor-empty-backup = Indiquez un code de secours.
factor-malformed-backup = Un code de secours a 8 lettres et chiffres. Relisez-le.
factor-or-code = Ou avec un code
factor-confirm = Continuer
factor-then = Ensuite, vous reviendrez à la page et la remplirez de nouveau.
factor-empty = Indiquez le code de votre application.
factor-empty-both = Indiquez un code de votre application, ou un code de secours.
factor-malformed = Un code de l'application a 6 chiffres. Relisez-le.
factor-malformed-both = Un code de l'application a 6 chiffres, un code de secours 8 lettres et chiffres. Relisez-le.
factor-wrong = Ce code n'est pas le bon, ou il a déjà servi. Attendez le suivant dans l'application.
factor-waiting = Trop d'essais. Réessayez à { $until }.
factor-show-passkey = Utilisez votre clé d'accès, avec l'empreinte, le visage ou le code de votre téléphone.
factor-no-script-codes = Votre navigateur ne peut pas utiliser de clé d'accès ici. Donnez un code.
factor-no-script = Votre navigateur ne peut pas utiliser de clé d'accès ici. Prenez celui dans lequel elle est, ou adressez-vous à l'établissement.
factor-passkey = Cette clé d'accès n'a pas pu être vérifiée. Recommencez.
factor-letter-later = Votre lettre remplace cette preuve à partir du { $day } à { $hour } : tapez alors son code de nouveau.
factor-lost = Je n'ai plus rien de cela
factor-lost-title = Vous n'avez plus aucune de ces preuves
factor-lost-next = Cherchez d'abord vos codes de secours, sur papier. Sinon, appelez l'établissement avec ce code d'assistance : il vérifie qui vous êtes et fait enlever ces preuves, clés d'accès comprises.
factor-lost-back = Revenir à la preuve
factor-expired-title = Cette connexion a trop attendu
factor-expired = Par sécurité, elle s'arrête là. Recommencez avec votre identifiant et votre mot de passe.
factor-missing-title = Une deuxième preuve est demandée
factor-missing = { $service } demande, en plus du mot de passe, une clé d'accès ou le code d'une application.
factor-missing-unnamed = Ce service demande, en plus du mot de passe, une clé d'accès ou le code d'une application.
factor-missing-none = Votre compte n'en a pas encore. Ajoutez une clé d'accès ou une application de codes, puis revenez à ce service.
factor-missing-new = Vous venez d'en ajouter une. Elle servira à la prochaine connexion : connectez-vous de nouveau, avec elle.
factor-missing-sign-in = Se connecter de nouveau
factor-missing-back = Revenir au service sans cette preuve
notice-factor-added-title = Une application de codes a été ajoutée à votre compte
notice-factor-added = C'était { $when }, depuis un autre appareil. C'était vous ?
notice-factor-removed-title = Une deuxième preuve a été retirée de votre compte
notice-factor-removed = C'était { $when }, depuis un autre appareil. C'était vous ?
notice-backup-codes-renewed-title = De nouveaux codes de secours ont été faits
notice-backup-codes-renewed = C'était { $when }, depuis un autre appareil. C'était vous ?
event-factors-failed = Codes faux à la connexion
event-factor-added = Deuxième preuve ajoutée
event-factor-removed = Deuxième preuve retirée
event-factor-proven = Deuxième preuve donnée
event-backup-codes-renewed = Nouveaux codes de secours
application-title = Application de codes
application-none = non utilisée
application-what = Un code à 6 chiffres, donné par une application de votre téléphone, en plus du mot de passe.
application-which = Il faut une application qui donne des codes de connexion, par exemple FreeOTP, Google Authenticator ou Microsoft Authenticator.
application-alone = Gardez les codes de secours qui vous seront montrés : sans le téléphone et sans ces codes, votre compte ne s'ouvre plus.
application-add = Ajouter une application
application-since = Ajoutée le { $day }
application-used = Utilisée { $when }
application-remove = Retirer cette application
application-remove-title = Retirer l'application de codes
application-remove-last = Ensuite, le mot de passe seul ouvre votre compte, et vos codes de secours ne servent plus.
application-remove-other = Votre autre application et vos codes de secours servent toujours.
application-remove-passkey = Votre clé d'accès et vos codes de secours servent toujours.
application-scan-title = Dans l'application
application-scan = Lisez ce code QR avec l'application de votre téléphone. Vous avez 15 minutes.
application-qr = Code QR à lire avec l'application
application-by-hand = Sur ce même téléphone, ou sans appareil photo, recopiez cette clé dans l'application :
application-code-title = Ensuite, ici
application-code = Code à 6 chiffres que donne l'application
application-code-empty = Indiquez le code que donne l'application.
application-code-malformed = Le code de l'application a 6 chiffres.
application-code-wrong = Ce code n'est pas le bon. Prenez celui que l'application montre maintenant.
application-confirm = Ajouter l'application
factor-told-added = L'application est ajoutée.
factor-told-removed = L'application est retirée.
factor-told-too_late = Rien n'est ajouté : recommencez.
factor-told-nothing = Rien n'a changé : recommencez.
backup-title = Codes de secours
backup-left = restants : { $left }
backup-none = Il n'en reste aucun : faites-en de nouveaux.
backup-what = Pour le jour où le téléphone est perdu. Chacun sert une fois, avec le mot de passe. Gardez-les sur papier.
backup-added = L'application est ajoutée. Voici vos codes de secours.
backup-added-passkey = La clé d'accès est ajoutée. Voici vos codes de secours.
backup-keep = Imprimez-les ou recopiez-les, et gardez-les loin du téléphone. Chacun sert une fois, avec le mot de passe. Sans le téléphone et sans ces codes, votre compte ne s'ouvre plus.
backup-once = Ils ne seront plus montrés.
backup-renew = Faire de nouveaux codes
backup-renew-effect = Les anciens ne serviront plus.

## Console: relying parties
admin-room-services = Services
admin-services-where = Les sites où l'on entre avec ce compte, sur votre territoire : { $place }
admin-services-connected = Services raccordés
admin-services-filter = Filtrer les services
admin-services-words = Nom, client_id ou domaine
admin-services-all = Tous
admin-filter = Filtrer
admin-services-none = Aucun service.
admin-services-none-fit = Aucun service ne correspond.
admin-services-see-all = Voir tous les services
admin-col-service = Service
admin-col-perimeter = Périmètre et profils
admin-col-used = Dernière connexion
admin-col-sign-outs = Déconnexions, 7 jours
admin-col-notes = À savoir
admin-service-is-requested = Demande à relire
admin-service-is-in_use = En service
admin-service-is-to_repair = À réparer
admin-service-is-suspended = Suspendu
admin-service-is-gone = Retiré
admin-service-schools = { $n ->
    [one] 1 établissement
   *[other] { $n } établissements
}
admin-service-everybody = Tout le monde
admin-people-responsable = responsables
admin-people-eleve = élèves
admin-people-enseignant = corps enseignant
admin-people-personnel = autres personnels
admin-people-invite = comptes invités
admin-never-used = aucune connexion encore
admin-service-undelivered = { $n ->
    [one] 1 non remise
   *[other] { $n } non remises
}
admin-service-delivered = toutes remises
admin-service-unprotected = n'envoie ni PKCE ni nonce
admin-service-file = décrit par un fichier
admin-for-programmers = Pour qui programme
admin-discovery = Adresse de découverte :
admin-service-used = dernière connexion le { $day }
admin-service-of-file = Ce service est décrit par un fichier du déploiement ; le fichier décide.
admin-service-unprotected-why = Le { $day }, ce service a échangé un code sans PKCE ni nonce : un code volé pourrait être glissé dans une autre connexion. Il doit envoyer l'un des deux.
admin-service-suspended-by = Suspendu, { $when }, par
admin-service-done-suspended = Le service est suspendu : plus aucune connexion ni aucun jeton de ce service ne vaut.
admin-service-done-resumed = La suspension est terminée.
admin-service-wrong-reason = Dites pourquoi, en 300 signes au plus.
admin-service-wrong-changed = Cela a changé depuis : voici le service tel qu'il est maintenant. Recommencez.
admin-actor-operator = l'exploitation
admin-actor-client = le service lui-même
admin-actor-administrator = une personne qui n'administre plus
admin-actor-preau = ce programme
admin-sign-outs = Déconnexions remises
admin-sign-outs-taken = Remises en 7 jours : { $taken } sur { $ended }
admin-sign-outs-none = Aucune déconnexion en 30 jours.
admin-sign-outs-no-address = Ce service n'a pas d'adresse de fin de session : une déconnexion ne ferme pas son site.
admin-col-result = Résultat
admin-col-tries = Essais
admin-col-answer = Réponse
admin-delivery-delivered = remise
admin-delivery-waiting = en attente
admin-delivery-refused = refusée
admin-delivery-given_up = abandonnée
admin-delivery-answered = le site répond { $status }
admin-delivery-silent = le site ne répond pas
admin-history = Historique
admin-col-what = Quoi
admin-col-by = Par
admin-change-approved = approuvé
admin-change-suspended = suspendu
admin-change-resumed = suspension terminée
admin-change-secret = nouveau secret
admin-change-token = jeton d'inscription retiré
admin-change-declared = décrit par un fichier
admin-change-file = fichier changé
admin-change-file_gone = fichier retiré
admin-change-replaced = changé par le service
admin-change-removed = retiré par le service
admin-change-registered = inscrit
admin-change-other = autre changement
admin-in-short = En bref
admin-client_uri = Adresse du site
admin-redirect_uris = Adresses de retour
admin-post_logout_redirect_uris = Après la déconnexion
admin-backchannel_logout_uri = Fin de session, de serveur à serveur
admin-initiate_login_uri = Où recommencer
admin-learns = Apprend
admin-scope-openid = un numéro de la personne
admin-scope-profile = nom et prénom
admin-scope-email = adresse e-mail
admin-scope-phone = numéro de portable
admin-scope-education = enfants, établissements et classes du périmètre
admin-scope-offline_access = accès en l'absence de la personne
admin-subject = Numéro de la personne (sub)
admin-subject-pairwise = propre au secteur
admin-subject-public = le même pour tous les services de ce genre
admin-subject-roster = la clé de la base élèves
admin-proves-by = Preuve du service
admin-signature = Signature
admin-pkce-required = PKCE exigé
admin-pkce-taken = PKCE accepté
admin-fapi = profil FAPI 2.0
admin-consent = Accord de la personne
admin-consent-asked = demandé
admin-consent-not-asked = non demandé
admin-contact = Contact
admin-service-suspend = Suspendre
admin-service-suspend-why = En moins d'une minute, plus aucune connexion ni aucun jeton de ce service ne vaut, partout. Les personnes gardent leur compte.
admin-service-suspend-do = Suspendre ce service
admin-service-resume = Reprendre
admin-service-resume-why = Les connexions à ce service reprennent aussitôt. S'il a changé depuis son approbation, il attend une nouvelle relecture.
admin-service-resume-do = Terminer la suspension
admin-proof-asked = Une preuve de moins de 5 minutes sera demandée.
admin-service-of-others = Ce service sert aussi d'autres territoires que le vôtre : l'échelon national le suspend.

admin-change-secret_closed = ancien secret fermé
admin-service-done-secret_closed = L'ancien secret est fermé.
admin-service-wrong-two_secrets = Deux secrets sont déjà acceptés. Fermez l'ancien d'abord, ou tirez-en un autre sans délai.
admin-service-wrong-no_overlap = Ce service signe avec son secret : un seul est accepté à la fois.
admin-service-wrong-no_secret = Ce service n'a pas de secret qui se change ici.
admin-service-wrong-secret_shown = Le secret a été montré. Tirez-en un autre si vous ne l'avez pas.
admin-secrets = Secrets
admin-secret-current = Secret actuel
admin-secret-former = Ancien secret
admin-secret-since = , depuis le { $day }
admin-secret-used = utilisé { $when }
admin-secret-unused = pas encore utilisé
admin-secret-until = accepté jusqu'au { $when }
admin-secret-of-file = Le secret est dans le fichier du déploiement.
admin-secret-when-close = Fermez l'ancien quand le secret actuel sert et que l'ancien ne sert plus.
admin-secret-close = Fermer l'ancien secret
admin-secret-overlap = L'ancien reste accepté
admin-secret-overlap-14 = 14 jours
admin-secret-overlap-30 = 30 jours
admin-secret-overlap-1 = 1 jour
admin-secret-overlap-0 = pas du tout : il est connu de quelqu'un d'autre
admin-secret-draw = Tirer un nouveau secret
admin-secret-how = Il est montré une fois. Une preuve de moins de 5 minutes sera demandée.
admin-secret-new = Le nouveau secret, montré cette fois seulement
admin-secret-once = Mettez-le maintenant là où le service le lit. Il ne part dans aucun message et n'est gardé lisible nulle part ici.

admin-service-is-trial = À l'essai
admin-service-change = Modifier
admin-service-trial-until = À l'essai jusqu'à 72 heures après l'approbation ({ $when }), pour 100 personnes au plus ; { $n ->
    [0] aucune n'est encore venue
    [one] une seule est venue
   *[other] { $n } sont venues
}. Ensuite, le service est ouvert à toutes les personnes du périmètre.
admin-change-requested = changement ou service demandé
admin-change-asked = précision demandée
admin-change-refused = demande refusée
admin-change-part = approuvé pour une partie du périmètre
admin-change-at_once = changé par qui l'administre
admin-change-withdrawn = demande retirée
admin-requests = Demandes
admin-request-nameless = Sans nom encore
admin-request-new = nouveau service
admin-request-change-of = changement de { $id }
admin-request-go-on = Continuer
admin-request-read = Relire
admin-request-is-draft = Brouillon
admin-request-is-requested = À relire
admin-request-is-question = Précision demandée
admin-request-is-refused = Refusé
admin-request-is-approved = Approuvé
admin-request-is-withdrawn = Retiré
admin-request-title = Demander un service
admin-change-title = Modifier le service
admin-request-mend = { $n ->
    [one] Une réponse est à corriger
   *[other] { $n } réponses sont à corriger
}
admin-request-wrong-changed = Le brouillon a changé depuis, dans un autre onglet. Vos réponses sont gardées ici : envoyez de nouveau pour les enregistrer par-dessus.
admin-draft-saved = Brouillon enregistré { $when }.
admin-draft-nothing = Rien ne change pour personne tant que la demande n'est pas approuvée.
admin-step-request = Demande
admin-step-request-who = vous, maintenant
admin-step-review = Relecture
admin-step-review-who = une autre personne
admin-step-trial-who = 72 h, 100 personnes au plus
admin-question = On vous demande une précision
admin-part-1 = 1. Le service
admin-part-2 = 2. Les adresses
admin-part-3 = 3. Comment le service prouve qui il est
admin-part-4 = 4. Ce que le service apprendra
admin-part-5 = 5. Pour qui
admin-client_name = Nom montré aux familles
admin-client_name-hint = « pour continuer vers … » : 60 caractères au plus, sans sigle
admin-client_id = Nom technique (client_id)
admin-client_id-hint = Lettres, chiffres et tirets ; vide : tiré du nom
admin-logo_uri = Adresse du logo
admin-logo_uri-hint = PNG, JPEG ou WebP, 200 ko au plus ; il est redessiné avant d'être montré
admin-contacts = Qui prévenir si quelque chose ne marche plus
admin-contacts-hint = une adresse d'équipe plutôt que d'une personne
admin-redirect_uris-label = Adresses de retour (redirect_uris)
admin-redirect_uris-hint = Une par ligne. Où revient la personne, comparées lettre par lettre, barre finale comprise.
admin-one-a-line = Une par ligne
admin-post_logout_redirect_uris-label = Après la déconnexion (post_logout_redirect_uris)
admin-backchannel_logout_uri-label = Fin de session, de serveur à serveur (backchannel_logout_uri)
admin-backchannel_logout_uri-hint = Pour qu'une déconnexion ferme aussi votre site
admin-initiate_login_uri-label = Où recommencer (initiate_login_uri)
admin-initiate_login_uri-hint = Le bouton « Recommencer » d'une page qui a attendu trop longtemps mène ici
admin-sector_identifier_uri-label = Liste des adresses (sector_identifier_uri)
admin-sector_identifier_uri-hint = Seulement si les adresses de retour ont plusieurs domaines
admin-method-either = Un secret, dans l'en-tête ou dans le corps – le plus courant
admin-method-client_secret_basic = Un secret, dans l'en-tête seulement (client_secret_basic)
admin-method-client_secret_post = Un secret, dans le corps seulement (client_secret_post)
admin-method-private_key_jwt = Sa propre clé (private_key_jwt) – rien de secret à transmettre
admin-method-none = Rien : application sur téléphone ou dans le navigateur (PKCE seul)
admin-method-kept = Aujourd'hui : { $method }. Sans autre choix, cela reste.
admin-jwks_uri = Adresse de ses clés (jwks_uri)
admin-jwks_uri-hint = Seulement avec sa propre clé
admin-library = Bibliothèque utilisée
admin-library-openid-client = openid-client 6 (Node)
admin-library-oauth2-proxy = oauth2-proxy
admin-library-spring = Spring Security
admin-library-apache = mod_auth_openidc (Apache)
admin-library-keycloak = Keycloak, comme relais
admin-library-ode = ODE (entcore)
admin-library-autre = une autre
admin-require_pkce = Exiger PKCE (S256)
admin-fapi-choice = Profil FAPI 2.0 : clé propre, DPoP, PAR et PKCE
admin-scopes-why = Chaque donnée demande une raison ; elle est montrée à qui relit.
admin-ask-profile = Nom et prénom (profile)
admin-ask-education = Prénom, établissement et classe des enfants du périmètre (education)
admin-ask-email = Adresse e-mail confirmée (email)
admin-ask-phone = Numéro de portable vérifié (phone)
admin-ask-offline_access = Accès en l'absence de la personne, 30 jours (offline_access) ; elle devra l'accepter
admin-why-profile = Pourquoi le nom et le prénom
admin-why-education = Pourquoi les enfants
admin-why-email = Pourquoi l'adresse e-mail
admin-why-phone = Pourquoi le portable
admin-why-offline_access = Pourquoi en son absence
admin-ask-subject-pairwise = propre à ce service
admin-ask-subject-public = le même pour tous les services de ce genre
admin-ask-subject-roster = la clé de la base élèves – pour l'ENT d'une seule académie
admin-profiles = Profils
admin-perimeter = Périmètre
admin-perimeter-schools = Ces établissements
admin-perimeter-schools-hint = Un UAI par ligne ; ce qui suit l'UAI n'est pas lu
admin-perimeter-academies = Académies entières
admin-perimeter-academies-hint = Leur nom court ; une personne de chacune devra approuver
admin-perimeter-ministries = Ministères entiers
admin-request-note = Un mot à qui relit
admin-request-review = Relire avant d'envoyer
admin-request-check = Vérifier maintenant
admin-request-save = Enregistrer et finir plus tard
admin-checks = Vérifications
admin-checks-bad = { $n ->
    [one] 1 à corriger
   *[other] { $n } à corriger
}
admin-checks-look = { $n ->
    [one] 1 à regarder
   *[other] { $n } à regarder
}
admin-checks-right = { $n ->
    [one] 1 juste
   *[other] { $n } justes
}
admin-checks-how = Ce qui est à regarder n'empêche pas d'envoyer. Qui relit verra la même liste.
admin-checks-none = Elles se font quand vous enregistrez.
admin-checks-when = Faites { $when }
admin-verdict-ok = Juste :{" "}
admin-verdict-look = À regarder :{" "}
admin-verdict-bad = À corriger :{" "}
admin-check-name_form = Le nom a de 1 à 60 caractères, tous visibles.
admin-check-name_reserved = Ce nom est réservé.
admin-check-name_twin = Un autre service porte ce nom.
admin-check-client_id_form = Le nom technique a des lettres, des chiffres et - _ . ~ seulement.
admin-check-client_id_taken = Ce nom technique est déjà pris : { $value }
admin-check-contact_form = Indiquez une adresse e-mail à prévenir.
admin-check-uri_form = { $value } : https, sans étoile, sans fragment
admin-check-uri_wildcard = { $value } : une étoile laisserait revenir sur n'importe quel sous-domaine. Écrivez chaque adresse, par exemple { $detail }
admin-check-uri_not_https = { $value } : il faut https.
admin-check-uri_too_long = Une adresse a plus de 2 000 caractères.
admin-check-uri_forbidden_character = { $value } : un caractère n'a pas sa place dans une adresse. Retirez les espaces et les accents.
admin-check-uri_relative = { $value } : l'adresse commence par https://
admin-check-uri_ambiguous_host = { $value } : les navigateurs liraient un autre domaine que celui qui est écrit.
admin-check-uri_missing_authority = { $value } : il manque le domaine.
admin-check-uri_fragment = { $value } : retirez ce qui suit #.
admin-check-uri_userinfo = { $value } : un nom d'utilisateur est dans l'adresse.
admin-check-uri_invalid_scheme = { $value } : il faut https ; celle d'une application est un domaine retourné, comme fr.exemple.app:/retour
admin-check-uri_plain_http = { $value } : http n'est que pour cette machine ; il faut https.
admin-check-uri_private_use_scheme = { $value } : une telle adresse est celle d'une application sur téléphone.
admin-check-uri_private_use_authority = { $value } : une seule barre après les deux points.
admin-check-uri_unsafe_path = { $value } : retirez .. et les barres codées du chemin.
admin-check-uri_reserved_parameter = { $value } : code, state et iss sont réservés à notre réponse.
admin-check-uri_development = { $value } : adresse de développement. Il faut un nom de domaine public.
admin-check-uri_own_page = { $value } : c'est une adresse de ce serveur-ci.
admin-check-uri_port_zero = { $value } : rien n'écoute au port 0.
admin-check-uri_not_uri = { $value } : ce n'est pas une adresse.
admin-check-uri_missing = Indiquez au moins une adresse de retour.
admin-check-uri_twin = { $value } : la même avec et sans barre finale. Laquelle votre site envoie-t-il ?
admin-check-answers = { $value } répond ({ $detail })
admin-check-answers_error = { $value } répond { $detail }
admin-check-silent = { $value } ne répond pas
admin-check-domain_proven = { $value } : domaine prouvé
admin-check-domain_unproven = Pour prouver le domaine, déposez à https://{ $value }/.well-known/preau.txt la ligne { $detail }
admin-check-several_hosts = Plusieurs domaines : les personnes y ont le même numéro (sub), qu'aucun autre service ne connaît.
admin-check-sector_names_all = La liste nomme toutes les adresses de retour
admin-check-sector_lacks = { $value } : la liste ne répond pas, ou ne nomme pas toutes les adresses de retour.
admin-check-same_host = { $value } : même domaine que l'adresse de retour
admin-check-other_host = { $value } : autre domaine que les adresses de retour
admin-check-logout_taken = La page de fin de session accepte un jeton d'essai ({ $detail })
admin-check-logout_lost = Répond { $detail } à un jeton d'essai : les déconnexions seront perdues.
admin-check-initiate_leads = Mène bien à une demande de connexion de ce service
admin-check-initiate_elsewhere = { $value } ne mène pas à une demande de ce service.
admin-check-keys_missing = Indiquez où sont les clés du service (jwks_uri).
admin-check-keys_silent = { $value } ne répond pas : les clés ne sont pas vérifiées.
admin-check-keys_none = { $value } : aucune clé RS256, PS256, ES256 ou EdDSA ici.
admin-check-keys_weak = { $value } : clé trop courte. Il faut 2048 bits.
admin-check-keys_twice = { $value } : deux clés du même nom.
admin-check-keys_found = Les clés sont en place
admin-check-logo_large = Logo : plus de 200 ko.
admin-check-logo_silent = Le logo ne répond pas : { $value }
admin-check-logo_drawn = Le logo est redessiné
admin-check-logo_svg = Logo : SVG n'est pas pris.
admin-check-logo_form = Logo : ce n'est pas un PNG, un JPEG ou un WebP de taille ordinaire.
admin-check-scope_reason = Réponse qui manque :
admin-reason-missing = Dites pourquoi.
admin-check-scope_class = La classe est comprise. Si elle ne sert pas, dites-le : « sans la classe ».
admin-check-scope_pupil_phone = Le portable des élèves serait donné aussi.
admin-check-library_body = { $value } envoie le secret dans le corps si on ne lui dit rien.
admin-check-library_pkce = { $value } n'envoie pas PKCE si on ne lui dit rien.
admin-check-perimeter_empty = Dites pour quels établissements, ou quelle académie.
admin-check-perimeter_outside = Rien de ce périmètre n'est dans votre territoire.
admin-check-academy_unknown = { $value } n'est pas une académie connue ici.
admin-check-uai_letter = { $value } : la lettre devrait être { $detail }.
admin-check-uai_form = { $value } n'est pas un UAI : sept chiffres et une lettre.
admin-check-uai_unknown = { $value } n'est pas dans votre territoire.
admin-check-uai_outside = { $value } n'est pas dans votre territoire.
admin-check-persons = { $value } responsables et { $detail } élèves aujourd'hui dans ces établissements
admin-check-schools_counted = { $value } : { $detail } établissements
admin-check-other = { $value } : { $detail }
admin-review-new = Relire la demande de { $name }
admin-review-change = Relire un changement de { $name }
admin-review-crumb = Relire
admin-requested-by = demandé { $when } par { $who }
admin-request-edit = Modifier la demande
admin-review-told-sent = La demande est partie. Une autre personne la relit.
admin-review-told-applied = C'est fait : ce changement ne demandait l'accord de personne d'autre.
admin-review-told-decided = Votre décision est prise.
admin-review-told-partly = Votre accord est noté. Une personne de chaque autre partie du périmètre doit encore approuver.
admin-decided-by = Dernière décision, { $when }, par { $who }
admin-what-changes = Ce qui change
admin-col-answer-name = Réponse
admin-col-today = Aujourd'hui
admin-col-asked = Demandé
admin-what-it-does = Ce que cela fait
admin-effect-new = Les personnes du périmètre pourront aller vers { $value } avec leur compte ; la première fois, on leur demande leur accord. Essai de 72 heures d'abord, pour 100 personnes au plus.
admin-effect-name = Les personnes verront le nom { $value }.
admin-effect-host = Qui tient le nom de domaine { $value } pourra recevoir des connexions.
admin-effect-scope = Le service apprendra :
admin-effect-perimeter = D'autres établissements ou d'autres profils sont concernés qu'aujourd'hui.
admin-effect-proof = Le service prouve autrement qui il est ; son secret actuel ne servira plus s'il n'en a plus besoin.
admin-effect-nothing = Les familles ne verront rien.
admin-reasons = Pourquoi ces données
admin-what-says-request = Ce que dit la demande
admin-your-decision = Votre décision
admin-decide-approve = Approuver
admin-decide-ask = Demander une précision
admin-decide-refuse = Refuser
admin-word-to = Un mot à { $who }
admin-word-hint = Obligatoire pour refuser ou demander
admin-decide = Décider
admin-own-request = C'est votre demande : une autre personne décide.
admin-send-title = Envoyer
admin-send-why = La demande part à qui peut décider. Rien ne change avant son accord.
admin-send-at-once = Ce changement ne demande l'accord de personne d'autre : il compte aussitôt.
admin-send = Envoyer la demande
admin-withdraw = Retirer la demande
admin-who-decides = Qui peut décider
admin-decider-author = , non : c'est sa demande
admin-decider-approved = a approuvé
admin-decider-you = vous
admin-nobody-decides = Personne d'autre ne peut décider ici pour l'instant. L'échelon national invite quelqu'un.
admin-role-ended = Votre rôle sur { $place } est terminé depuis { $hour } ; rien n'a été fait.
admin-review-wrong-words = Dites pourquoi à qui a demandé, en 300 signes au plus.
admin-review-wrong-choice = Choisissez une décision.
admin-review-wrong-own = C'est votre demande : une autre personne décide.
admin-review-wrong-changed = Cela a changé depuis : voici la nouvelle différence.
admin-review-wrong-bad = Une réponse est à corriger avant d'envoyer.
admin-review-wrong-another_waits = Une autre demande pour ce service attend déjà une décision.
admin-review-wrong-too_many = Cinq demandes par personne et vingt par académie partent en un jour. Continuez demain.
admin-request-wrong-too_many_drafts = Vingt brouillons attendent déjà. Retirez-en un, ou envoyez-le.
admin-request-wrong-too_many_checks = Les vérifications de cette heure sont épuisées. Ce que vous avez écrit est encore là : envoyez-le plus tard.
admin-review-wrong-old_checks = Les vérifications datent de plus d'un jour. Vérifiez de nouveau, puis décidez.
admin-review-wrong-unsound = Une vérification ne passe plus, ou un autre service porte maintenant ce nom. Vérifiez de nouveau.
admin-review-wrong-too_many_checks = Les vérifications de cette heure sont épuisées. Recommencez plus tard.
admin-check-again = Vérifier de nouveau
admin-field-client_name = Nom
admin-field-client_uri = Adresse du site
admin-field-logo_uri = Logo
admin-field-contacts = Contact
admin-field-redirect_uris = Adresses de retour
admin-field-post_logout_redirect_uris = Après la déconnexion
admin-field-backchannel_logout_uri = Fin de session, de serveur à serveur
admin-field-initiate_login_uri = Où recommencer
admin-field-sector_identifier_uri = Liste des adresses
admin-field-token_endpoint_auth_method = Preuve du service
admin-field-jwks_uri = Adresse de ses clés
admin-field-scope = Données (scope)
admin-field-subject_type = Numéro de la personne (sub)
admin-field-profile = Profil de sécurité
admin-field-require_pkce = PKCE exigé
admin-field-sector = Secteur
admin-field-academies = Académies
admin-field-ministries = Ministères
admin-field-schools = Établissements
admin-field-profiles = Profils
admin-field-application_type = Genre d'application
admin-field-grant_types = Échanges (grant_types)
admin-value-true = oui
admin-value-false = non
admin-value-plain = ordinaire
admin-value-fapi2 = FAPI 2.0
admin-value-web = site web
admin-value-native = application installée

admin-otherwise = Le même, autrement
admin-as-file = En fichier
admin-as-file-why = Pour le dossier clients du déploiement ; le secret n'y est pas.

admin-settings = Réglages à copier
admin-settings-exact = exacts pour ce service ; le secret se lit dans PREAU_SECRET
admin-library-valeurs = Valeurs seules

## Console: entry, invitation, team
admin-title = Administration
admin-reload = La page s'ouvre.
admin-sign-in = Entrer dans l'administration
admin-sign-in-who = Pour les établissements, les académies et leurs services d'assistance. Les familles ont une autre page.
admin-sign-in-passkey = Votre clé d'accès vous ouvre l'administration, sans mot de passe.
admin-no-way-in = Les clés d'accès ne marchent pas à cette adresse. Demandez à qui exploite ce service.
admin-or-totp = Ou avec un mot de passe et un code
admin-email = Adresse professionnelle
admin-demo-doors = Essai sur cette machine
admin-demo-doors-why = Cet essai laisse entrer sans preuve. Ailleurs, il faut une clé d'accès.
admin-demo-enter = Entrer : { $name }, { $place }
admin-lost = Clé d'accès perdue ?
admin-lost-next = La personne qui vous a donné ce rôle peut vous inviter de nouveau : vos anciennes clés cessent alors de servir.
admin-family = Je suis parent ou élève
admin-waiting = Trop d'essais. Réessayez à { $until }.
admin-refused-wrong = Cette preuve n'ouvre pas l'administration. Une clé d'accès de votre compte de famille ne sert pas ici.
admin-refused-empty = Indiquez l'adresse, le mot de passe et le code.
admin-refused-no_role = Votre rôle est terminé, ou attend l'accord d'une autre personne. Rien d'autre ne manque : demandez à qui vous l'a donné.
admin-invitation = Votre invitation
admin-invitation-for = { $name }, { $email } :
admin-invitation-until = Cette invitation sert une fois, jusqu'au { $day }.
admin-invitation-passkey = Pour l'accepter, créez une clé d'accès sur cet appareil : il vous demandera votre empreinte, votre visage ou son code. Elle remplace le mot de passe.
admin-accept-passkey = Créer ma clé d'accès
admin-accept = Accepter l'invitation
admin-use-application = Je ne peux pas créer de clé d'accès : prendre un mot de passe et une application
admin-use-passkey = Plutôt une clé d'accès
admin-passkey-only = Vous avez déjà accepté ?
admin-password-rule = 8 signes au moins, une majuscule, une minuscule, un chiffre et un signe comme + * / @
admin-password-wrong = Ce mot de passe est trop court, trop connu, ou contient votre nom ou votre adresse. Choisissez-en un autre.
admin-password-different = Les deux mots de passe ne sont pas les mêmes.
admin-invitation-ended = Cette invitation ne sert plus
admin-invitation-ended-why = Elle a déjà servi, une plus récente la remplace, ou elle a plus de 7 jours.
admin-invitation-ended-next = Demandez-en une autre à la personne qui vous l'a envoyée, ou entrez si vous l'avez déjà acceptée.
admin-proof = Montrez que c'est bien vous
admin-proof-why = Ce geste demande une preuve de moins de 5 minutes. Ensuite, vous continuez où vous étiez.
admin-proof-refused = La preuve n'a pas été acceptée. Recommencez.
admin-second-key = Ajoutez une seconde clé d'accès
admin-second-key-why = Votre rôle demande deux clés d'accès, sur deux appareils : une seule perdue vous fermerait la porte. Jusque-là, les gestes qui demandent une preuve attendent.
admin-my-roles = Mes rôles
admin-key-created = créée le { $day }
admin-key-used = a servi { $when }
admin-has-totp = Un mot de passe et une application
admin-add-key-why = Prenez un autre appareil, ou une clé de sécurité que vous gardez ailleurs.
admin-crumbs = Où je suis
admin-menu = Menu
admin-search = Chercher
admin-search-what = une personne ou un code
admin-session-ends = Sans activité, votre session se ferme à { $hour }.
admin-sign-out = Se déconnecter
admin-room-home = Accueil
admin-room-team = Équipe
admin-everything = tout le territoire
admin-until = jusqu'au { $day }
admin-pupils-only = élèves seulement
admin-role-national = Administration nationale
admin-role-academy = Administration académique
admin-role-school_head = Direction d'établissement
admin-role-delegate = Délégation
admin-role-help_desk = Assistance
admin-role-service_contact = Contact technique
admin-role-auditor = Contrôle
admin-what-national = Peut tout, sur tout le territoire.
admin-what-academy = Voit et débloque les familles de l'académie, suit les campagnes et les services, invite dans l'académie.
admin-what-school_head = Voit et débloque les familles de l'établissement, suspend un compte, imprime les lettres, invite des délégations.
admin-what-delegate = Voit et débloque les familles de ses classes, imprime une lettre à la fois.
admin-what-help_desk = Voit et débloque les familles, sans lettre ni suspension.
admin-what-service_contact = Suit son service : ses réglages, ses secrets, ses essais.
admin-what-auditor = Lit le journal et les chiffres, ne voit pas les personnes.
admin-team-rule = Chacun ne donne que ce qu'il a, sur tout ou partie de son territoire.
admin-team-empty = Personne d'autre n'administre ici.
admin-col-who = Qui, et où
admin-col-state = État
admin-col-role = Rôle
admin-col-proof = Preuve
admin-col-seen = dernière visite :
admin-col-giver = donné par
admin-col-acts = Gestes
admin-state-active = Actif
admin-state-invited = Invitation envoyée
admin-state-waiting = Attend un accord
admin-state-ended = Terminé
admin-proof-totp = mot de passe et application
admin-proof-keys = { $n ->
    [0] aucune
    [one] { $n } clé d'accès
   *[other] { $n } clés d'accès
}
admin-giver-operator = Exploitation
admin-approve = Approuver
admin-renew = Réinviter
admin-end-role = Terminer
admin-next = Suite
admin-invite = Inviter
admin-name = Prénom et nom
admin-territory = Territoire
admin-territory-hint = L'UAI de l'établissement (0349999J), ou le nom court de l'académie ou du service
admin-class = Classe
admin-class-hint = Pour une délégation limitée à une classe, telle que la base élèves l'écrit
admin-pupils-only-hint = Élèves seulement, sans les parents
admin-end = Jusqu'au
admin-end-hint = Vide : sans fin prévue
admin-review = Relire l'invitation
admin-invite-how = La personne reçoit un lien valable 7 jours. Elle crée sa clé d'accès ; son rôle commence alors.
admin-review-mail = Un message part à cette adresse, avec un lien valable 7 jours. Une personne qui administre déjà reçoit seulement la nouvelle.
admin-review-link = Aucun message ne part d'ici : le lien, valable 7 jours, vous est montré une fois.
admin-review-approval = Ce rôle attend l'accord d'une autre personne qui pourrait le donner.
admin-told-given = Le rôle est donné.
admin-told-ended = Le rôle est terminé.
admin-told-approved = Votre accord est noté : le rôle commence.
admin-told-renewed = Les anciennes preuves ne servent plus, et une nouvelle invitation est partie.
admin-link-once = Remettez ce lien à la personne, à elle seule. Il n'est plus montré ensuite.
admin-wrong-name = Indiquez un prénom et un nom, 100 signes au plus.
admin-wrong-email = Cette adresse n'est pas complète. Exemple : n.kaci@ac-montpellier.fr
admin-wrong-role = Ce rôle n'existe pas sur un tel territoire.
admin-wrong-already = Cette personne a déjà ce rôle.
admin-wrong-territory = Ce territoire n'est pas dans le vôtre ({ $place }), ou la fin dépasse la vôtre.
admin-wrong-until = Cette date n'existe pas, ou elle est passée.
admin-me = Mes rôles et mes clés d'accès
admin-to-do = À faire
admin-nothing-waits = Rien n'attend.
admin-colon =  :
admin-task-closing = la campagne ferme { $day }.
admin-task-contested = { $n ->
    [one] un parent a répondu Non pour un enfant.
   *[other] { $n } réponses Non pour un enfant.
}
admin-task-set_aside = { $n ->
    [one] un enfant mis de côté après trop de dates fausses.
   *[other] { $n } enfants mis de côté après trop de dates fausses.
}
admin-task-recovery_failed = { $n ->
    [one] un nouveau mot de passe refusé : aucune date n'était la bonne.
   *[other] { $n } nouveaux mots de passe refusés : aucune date n'était la bonne.
}
admin-task-shared_mobile = { $n ->
    [one] un mot de passe remplacé par un portable que deux personnes ont.
   *[other] { $n } mots de passe remplacés par un portable que deux personnes ont.
}
admin-task-reopening = { $n ->
    [one] une demande de réouverture.
   *[other] { $n } demandes de réouverture.
}
admin-task-unreachable = { $n ->
    [one] un parent sans portable qui reçoive un code.
    [1000] 1 000 parents ou plus sans portable qui reçoive un code.
   *[other] { $n } parents sans portable qui reçoive un code.
}
admin-task-country_refused = { $n ->
    [one] un portable d'un pays où aucun message ne part.
   *[other] { $n } portables d'un pays où aucun message ne part.
}
admin-task-phone_disowned = { $n ->
    [one] un portable qui n'est plus celui du parent.
   *[other] { $n } portables qui ne sont plus ceux des parents.
}
admin-task-link_repeated = { $n ->
    [one] un lien écrit deux fois, de deux façons.
   *[other] { $n } liens écrits deux fois, de deux façons.
}
admin-figures = Où en est l'établissement
admin-figures-school = Page de l'établissement
admin-figure-parents = parents ont un compte actif
admin-figure-pupils = élèves ont un compte actif
admin-figure-of = sur { $n }
admin-figure-unreachable = parents sans compte ne reçoivent pas de SMS
admin-figure-unreachable-why = une lettre leur ouvre un compte
## Console: people
admin-room-people = Personnes
admin-found = Sur votre territoire : { $place }
admin-found-nobody = Personne ne correspond sur votre territoire : { $place }
admin-too-many-fit = Trop de personnes ont un nom qui commence ainsi : tapez-en plus, ajoutez un prénom, ou cherchez par l'identifiant ou la fin du portable.
admin-search-start = Un nom, un identifiant, la fin d'un portable, un enfant ou un code
admin-search-short = Tapez deux lettres au moins.
admin-search-wrong_uai = La lettre de cet UAI n'est pas la bonne : un chiffre est peut-être faux.
admin-search-four_digits = Sur un territoire aussi grand, tapez les quatre derniers chiffres du portable.
admin-refine = Affiner
admin-search-label = Nom, identifiant, fin du portable, enfant ou code
admin-people-found = Personnes trouvées
admin-col-name = Nom et enfants
admin-col-profile = Profil
admin-col-account = Compte
admin-col-school = Établissement
admin-col-phone = Portable
admin-col-when = Quand
admin-col-code = Code d'assistance
admin-near-name = (nom proche)
admin-pupil = Élève
admin-parent = Responsable
admin-standing-none = Pas encore de compte
admin-standing-unreachable = Numéro sans SMS
admin-standing-pending = Compte commencé
admin-standing-active = Compte actif
admin-standing-suspended = Compte suspendu
admin-standing-closed = Compte fermé
admin-ends-in = finit par { $end }
admin-more-hits = Il y en a d'autres : ajoutez un prénom, un enfant ou une classe.
admin-what-to-type = Ce que l'on peut taper
admin-what-to-type-how = « leboeuf », « Le Bœuf », « sandrine leb », « s.leboeuf41 », « 07 41 » (la fin du portable), ou le code lu par le parent, comme « M2T-9QD ». Accents, traits d'union et ordre ne comptent pas.
admin-nobody-fits = Personne ne correspond ?
admin-nobody-roster = La personne n'est pas, ou pas encore, dans la base élèves de l'établissement.
admin-nobody-elsewhere = Elle est d'un autre établissement : l'assistance de l'académie la trouve.
admin-nobody-contact = Un simple contact n'a pas de compte : il faut un lien légal.
admin-why-title = Ce qui empêche d'entrer
admin-why-title-nothing = Rien n'empêche d'entrer
admin-cause-no_child = Aucun élève présent
admin-cause-suspended = Compte suspendu
admin-cause-phone_none = Pas de portable connu
admin-cause-phone_landline = Numéro fixe
admin-cause-phone_incomplete = Numéro incomplet
admin-cause-phone_disowned = Portable abandonné
admin-cause-phone_unusable = Numéro sans SMS
admin-cause-other_number = Autre portable
admin-cause-campaign_closed = Activation fermée
admin-cause-campaign_not_open = Activation pas ouverte
admin-cause-campaign_upcoming = Activation pas ouverte
admin-cause-codes_used_up = Trop de codes faux
admin-cause-set_aside = Enfant mis de côté
admin-cause-contested = Enfant refusé
admin-cause-pending = Mot de passe à choisir
admin-cause-password_waits = Trop de mots de passe faux
admin-cause-must_change = Nouveau mot de passe exigé
admin-cause-outside_perimeter = Service d'autres établissements
admin-cause-other_door = Une autre ligne du choix
admin-cause-not_in_portal = Demain dans l'ENT
admin-cause-two_accounts = Deux comptes
admin-cause-no_letter = Pas encore de mot de passe
admin-cause-not_activated = Pas encore activé
admin-cause-closed = Compte fermé
admin-cause-nothing = Rien à réparer
admin-why-no_child = La base élèves ne donne à cette personne de lien légal avec aucun élève présent.
admin-why-suspended = Le compte est suspendu par { $by }.
admin-why-phone_none = L'établissement ne connaît aucun portable : le SMS ne peut pas partir.
admin-why-phone_landline = Le numéro que l'établissement connaît est celui d'un téléphone fixe : le SMS ne peut pas arriver.
admin-why-phone_incomplete = Le numéro que l'établissement connaît n'est pas complet : le SMS ne peut pas partir.
admin-why-phone_disowned = La personne a dit que ce portable n'était plus le sien.
admin-why-phone_unusable = Le numéro que l'établissement connaît ne reçoit pas de SMS.
admin-why-other_number = { $when }, une demande est venue à ce nom avec un portable qui finit par { $last2 }. L'établissement en connaît un autre : aucun SMS n'est parti.
admin-why-campaign_closed = L'activation est fermée depuis le { $when }.
admin-why-campaign_not_open = L'activation n'est pas ouverte.
admin-why-campaign_upcoming = L'activation ouvre le { $when }.
admin-why-codes_used_up = Trop de codes faux aujourd'hui. Un nouvel essai est possible à { $when }.
admin-why-set_aside = Trop de dates de naissance fausses pour { $names }.
admin-why-contested = Réponse « Non » pour { $names }.
admin-why-pending = L'identifiant est donné ; le mot de passe n'a pas été choisi.
admin-why-password_waits = Trop de mots de passe faux. Un nouvel essai est possible à { $when }.
admin-why-must_change = Un nouveau mot de passe est exigé. L'ancien mène à la page qui en choisit un autre.
admin-why-outside_perimeter = Le compte marche, mais { $names } ne concerne pas { $schools }.
admin-why-other_door = Le compte marche, mais { $names } ne concerne pas { $schools } : pour cet établissement, c'est { $door }.
admin-why-not_in_portal = Le compte marche, mais { $names } ne connaît pas encore cette personne : l'académie lui envoie chaque nuit la liste des familles.
admin-why-two_accounts = Deux comptes ont ce nom et ce portable.
admin-why-no_letter = Un élève entre d'abord avec la feuille de l'établissement.
admin-why-not_activated = Personne n'a encore demandé d'activation à ce nom.
admin-why-closed = Le compte est fermé et ne se rouvre pas.
admin-why-nothing = Le compte marche. Si la personne n'entre pas, c'est le mot de passe : « Mot de passe oublié ? » en choisit un autre.
admin-unblocks = Ce qui débloque maintenant
admin-act-of-others = Ce geste revient à la direction de l'établissement.
admin-act-of-academy = Ce geste revient à l'académie qui a suspendu le compte, ou à l'administration nationale.
admin-act-of-national = Ce geste revient à l'administration nationale.
admin-act-of-other_school = Ce geste revient à l'établissement qui a suspendu le compte, ou à son académie.
admin-act-letter = Une lettre avec un code à usage unique, remise en main propre. Les dates de naissance seront encore demandées.
admin-act-reopen = L'activation s'ouvre pour cette personne seule, pendant 7 jours.
admin-act-give_tries_back = Les essais sont rendus pour { $names }, et l'enfant revient dans le compte. La date est à dire d'après un papier, pas au téléphone.
admin-act-lift_contest = Le « Non » pour { $names } était une erreur : l'enfant revient dans le compte.
admin-act-suspend = Personne n'entre plus avec ce compte jusqu'à ce qu'il soit rétabli : les connexions en cours s'arrêtent, les services en sont prévenus, et la personne lit à qui s'adresser. Le mot de passe et les lettres restent.
admin-act-resume = La suspension s'arrête. Mot de passe et lettres servent de nouveau.
admin-act-show_identifiant = L'identifiant est montré une fois, et le journal le note.
admin-act-remove_factors = Le mot de passe seul ouvrira le compte. Les connexions en cours s'arrêtent, et la personne est prévenue.
admin-act-end_sessions = Pour un téléphone perdu ou volé : toutes les connexions en cours s'arrêtent, sur tous les appareils, et aucun n'est plus reconnu. Le mot de passe reste ; si quelqu'un le connaît, « Mot de passe oublié ? » en choisit un autre.
admin-act-withdraw_letter = Pour une lettre imprimée au mauvais nom, perdue ou remise à quelqu'un d'autre : son code ne sert plus, dès maintenant. La dernière lettre a été imprimée { $when }.
admin-do-letter = Préparer la lettre
admin-do-reopen = Rouvrir pour 7 jours
admin-do-give_tries_back = Rendre les essais
admin-do-lift_contest = Effacer le Non
admin-do-suspend = Suspendre le compte
admin-do-resume = Rétablir le compte
admin-do-show_identifiant = Montrer l'identifiant
admin-do-remove_factors = Retirer les secondes preuves
admin-do-end_sessions = Déconnecter partout
admin-do-withdraw_letter = Retirer la lettre
admin-done-reopen = L'activation est ouverte pour cette personne, 7 jours.
admin-done-give_tries_back = Les essais sont rendus.
admin-done-lift_contest = L'enfant est de nouveau dans le compte.
admin-done-suspend = Le compte est suspendu, et toutes ses connexions sont arrêtées.
admin-done-resume = Le compte est rétabli.
admin-done-remove_factors = Les secondes preuves sont retirées.
admin-done-end_sessions = Toutes les connexions sont arrêtées. La personne se reconnecte avec son mot de passe.
admin-done-withdraw_letter = La lettre est retirée : son code ne sert plus.
admin-done-show_identifiant = L'identifiant, montré cette fois seulement :
admin-not-done = Rien n'a été fait
admin-repair-nothing_to_do = Ce n'est plus à réparer : la page montre où en est le compte maintenant.
admin-repair-letter_limit = Vingt lettres à des comptes actifs sont déjà parties aujourd'hui. Continuez demain.
admin-repair-letter_changed = Le compte a changé pendant l'impression : rien n'a été imprimé. Voici ce qui est vrai maintenant ; recommencez si la lettre est encore utile.
admin-repair-letter_nobody = Aucune lettre ne peut être imprimée pour cette personne ici.
admin-checked = Comment avez-vous vérifié l'identité ?
admin-check-paper = Devant moi, pièce d'identité vue
admin-check-known = Devant moi, je connais la personne
admin-check-called_back = Rappel au numéro que l'établissement connaît
admin-wrong-check = Dites comment vous avez vérifié l'identité.
admin-wrong-reason = Dites pourquoi, en 300 signes au plus.
admin-reason = Raison
admin-other-acts = Autres gestes
admin-what-happened = Ce qui s'est passé
admin-nothing-happened = Rien n'est noté.
admin-event-near = Demande à ce nom avec un portable qui finit par { $last2 } ; aucun SMS n'est parti
admin-own-school = Établissement
admin-children = Enfants
admin-no-child-here = Aucun élève présent.
admin-link-legal = lien légal
admin-link-in_charge = personne en charge
admin-link-contact = contact
admin-other-parent = Rien d'un autre responsable n'est montré ici.
admin-account = Compte
admin-campaign = Activation
admin-campaign-open = ouverte
admin-campaign-upcoming = pas encore ouverte
admin-campaign-closed = fermée
admin-campaign-not_planned = pas prévue
admin-phone-mobile = reçoit les SMS
admin-phone-none = aucun numéro
admin-phone-landline = fixe
admin-phone-incomplete = incomplet
admin-phone-unusable = sans SMS
admin-phone-disowned = abandonné
admin-say = Dire au téléphone
admin-never-say = On ne lit jamais un code, un mot de passe ni une date de naissance au téléphone.
admin-say-no_child = « La base de l'établissement ne vous donne de lien légal avec aucun élève présent. Le secrétariat peut le corriger. »
admin-say-suspended = « Votre compte est suspendu par { $by }, qui vous dira pourquoi. »
admin-say-phone_none = « Nous n'avons pas votre portable. Passez au secrétariat avec une pièce d'identité. »
admin-say-phone_landline = « Votre numéro chez nous est un fixe, le message ne peut pas arriver. Passez au secrétariat avec une pièce d'identité. »
admin-say-phone_incomplete = « Votre numéro chez nous n'est pas complet. Passez au secrétariat avec une pièce d'identité. »
admin-say-phone_disowned = « Vous avez indiqué que ce portable n'était plus le vôtre. Passez au secrétariat avec une pièce d'identité. »
admin-say-phone_unusable = « Votre numéro chez nous ne reçoit pas de SMS. Passez au secrétariat avec une pièce d'identité. »
admin-say-other_number = « Le portable que vous avez tapé n'est pas celui que nous connaissons. Le secrétariat le corrige quand vous passez avec une pièce d'identité. »
admin-say-campaign_closed = « L'activation a fermé le { $when }. Je peux la rouvrir pour vous. »
admin-say-campaign_not_open = « L'activation n'est pas encore ouverte. »
admin-say-campaign_upcoming = « L'activation ouvre le { $when }. Je peux l'ouvrir pour vous. »
admin-say-codes_used_up = « Trop de codes faux aujourd'hui : réessayez à { $when }, ou passez prendre une lettre. »
admin-say-set_aside = « Une date de naissance n'était pas la bonne plusieurs fois. Passez avec le livret de famille : nous rendons les essais. »
admin-say-contested = « Vous avez répondu Non pour un enfant. Si c'est une erreur, nous l'effaçons. »
admin-say-pending = « Recommencez l'activation : vous retrouvez le même identifiant. »
admin-say-password_waits = « Attendez jusqu'à { $when }, ou choisissez un nouveau mot de passe. »
admin-say-must_change = « Choisissez un nouveau mot de passe : la page vous y mène. »
admin-say-outside_perimeter = « Votre compte marche. Le service { $names } est celui d'autres établissements : il ne concerne pas { $schools }. Dites-nous ce que vous cherchez. »
admin-say-other_door = « Votre compte marche. { $names } ne concerne pas { $schools } : revenez à la liste de choix, et prenez { $door }. »
admin-say-not_in_portal = « Votre compte est prêt. { $names } vous connaîtra demain : l'académie lui envoie la liste chaque nuit. Si rien n'a changé dans deux jours, rappelez-nous. »
admin-say-two_accounts = « Vous avez deux comptes. Dans l'un des deux, « Réunir deux comptes » n'en fait qu'un. »
admin-say-no_letter = « La feuille avec ton code est à prendre à l'établissement. »
admin-say-not_activated = « Activez votre compte avec le portable que l'établissement connaît. »
admin-say-closed = « Ce compte est fermé. »
admin-say-nothing = « Votre compte marche. Avec Mot de passe oublié, vous en choisissez un autre. »
admin-code-title = Code d'assistance { $code }
admin-code-unknown = Ce code est inconnu, n'est pas de votre territoire, ou a plus de 30 jours.
admin-trace-activation = Activation
admin-trace-near = Activation avec un autre portable
admin-trace-notice = Signalement
admin-trace-page = Page
admin-outcome-not_open = l'activation n'était pas ouverte
admin-outcome-campaign_closed = l'activation était fermée, l'établissement a la demande de réouverture
admin-outcome-suspended = le compte est suspendu
admin-outcome-nobody = le bon code, mais aucun élève présent
admin-outcome-none_right = aucune date de naissance n'était la bonne
admin-outcome-ended = terminée sans compte
admin-outcome-not_found = personne n'a ce nom avec ce portable, aucun SMS n'est parti
admin-outcome-sent = un SMS est parti, le code n'a pas été tapé
admin-outcome-done = terminée, le compte est actif
admin-outcome-under_way = le bon code a été tapé, l'activation est en cours
admin-outcome-other_number = l'établissement en connaît un autre, aucun SMS n'est parti
admin-outcome-open = à traiter
admin-outcome-settled = traité
admin-outcome-shown = montrée avec ce code
mail-admin-invitation-subject = { $service } : votre invitation à l'administration
mail-admin-invitation = Bonjour,

    Vous avez une invitation à l'administration de { $service }.

    Ouvrez cette adresse dans les 7 jours, sur l'appareil où vous travaillez : { $link }

    Elle sert une fois. Si vous n'attendiez pas cette invitation, ne l'ouvrez pas et prévenez votre académie.
mail-admin-role-subject = { $service } : un rôle de plus dans l'administration
mail-admin-role = Bonjour,

    Un rôle vous a été donné dans l'administration de { $service }. Vous le trouvez après votre prochaine entrée : { $link }

    Si vous ne l'attendiez pas, prévenez votre académie.

mail-console-notices-subject = { $service } : du nouveau dans votre établissement
mail-console-notices = Bonjour,

    Points nouveaux depuis le dernier message : { $new }. En attente en tout : { $n }.

    Ouvrez la console comme d'habitude, ou par cette adresse : { $link }

    Un message par jour au plus, et seulement s'il y a du nouveau.
mail-console-notices-acts-subject = { $service } : du nouveau dans votre établissement
mail-console-notices-acts = Bonjour,

    Points nouveaux depuis le dernier message : { $new }. En attente en tout : { $n }.

    { $when }, d'autres que vous ont agi pour des personnes de votre établissement :
    { $acts }

    Le journal de la console dit pour qui, et pourquoi : { $link }

    Un message par jour au plus, et seulement s'il y a du nouveau.
mail-console-acts-yesterday = Hier
mail-console-acts-since = Depuis le { $day }
mail-console-act = • { $who } : lettres imprimées { $letters }, déblocages { $unblocked }, portables remplacés { $phones }
mail-console-requested-subject = { $service } : une demande attend votre décision
mail-console-requested = Bonjour,

    Une demande pour le service « { $client } » attend votre décision.

    Relisez-la dans la console : { $link }
mail-console-overdue-subject = { $service } : une demande attend depuis deux jours ouvrés
mail-console-overdue = Bonjour,

    Personne n'a décidé depuis deux jours ouvrés sur une demande pour le service « { $client } ». Vous pouvez le faire.

    Relisez-la dans la console : { $link }
mail-console-approved-subject = { $service } : votre demande est approuvée
mail-console-approved = Bonjour,

    La demande pour le service « { $client } » est approuvée.

    Le mot de qui a décidé : { $words }

    La suite est dans la console : { $link }
mail-console-refused-subject = { $service } : votre demande est refusée
mail-console-refused = Bonjour,

    La demande pour le service « { $client } » est refusée.

    Le mot de qui a décidé : { $words }

    Vous la retrouvez dans la console : { $link }
mail-console-question-subject = { $service } : une question sur votre demande
mail-console-question = Bonjour,

    On vous demande une précision sur la demande pour le service « { $client } ».

    La question : { $words }

    Répondez dans la console : { $link }
mail-console-trial-ended-subject = { $service } : un essai est terminé
mail-console-trial-ended = Bonjour,

    L'essai du service « { $client } » est terminé : il n'est plus limité à cent personnes.

    Vérifiez ses chiffres dans la console : { $link }
mail-console-secret-old-subject = { $service } : un secret a onze mois
mail-console-secret-old = Bonjour,

    Un secret du service « { $client } » a plus de onze mois. Tirez-en un autre : l'ancien sert encore le temps de le remplacer.

    C'est dans la console : { $link }
mail-console-secret-closing-14-subject = { $service } : un secret ferme dans moins de 14 jours
mail-console-secret-closing-14 = Bonjour,

    Un secret du service « { $client } » ne sera plus accepté dans moins de 14 jours. Vérifiez que le service utilise déjà le nouveau.

    La date est dans la console : { $link }
mail-console-secret-closing-3-subject = { $service } : un secret ferme dans moins de 3 jours
mail-console-secret-closing-3 = Bonjour,

    Un secret du service « { $client } » ne sera plus accepté dans moins de 3 jours. Vérifiez que le service utilise déjà le nouveau.

    La date est dans la console : { $link }
mail-console-deliveries-subject = { $service } : des déconnexions n'arrivent pas
mail-console-deliveries = Bonjour,

    Depuis plus d'une heure, le service « { $client } » ne prend pas les avis de déconnexion : qui se déconnecte y garde sa session.

    Chaque essai et sa réponse sont dans la console : { $link }
mail-console-deliveries-academy-subject = { $service } : des déconnexions n'arrivent pas depuis un jour
mail-console-deliveries-academy = Bonjour,

    Depuis plus d'un jour, le service « { $client } » ne prend pas les avis de déconnexion : qui se déconnecte y garde sa session.

    Chaque essai et sa réponse sont dans la console : { $link }
mail-console-unused-subject = { $service } : un service n'est plus utilisé
mail-console-unused = Bonjour,

    Personne n'a utilisé le service « { $client } » depuis 90 jours. S'il ne sert plus, retirez-le.

    Il est dans la console : { $link }
mail-console-suspended-subject = { $service } : un service est suspendu
mail-console-suspended = Bonjour,

    Le service « { $client } » est suspendu : personne ne peut s'y connecter.

    La raison est dans la console : { $link }

## Clés d'accès
passkeys-title = Clés d'accès
passkeys-what = Se connecter avec l'empreinte, le visage ou le code de votre téléphone. Rien à retenir, rien à recopier, et personne ne peut vous la voler par un faux site.
passkeys-shared = Sur un appareil partagé avec vos enfants, n'en ajoutez pas : elle s'ouvre pour qui déverrouille l'appareil.
passkey-use = Utiliser ma clé d'accès
passkey-add = Ajouter une clé d'accès
passkey-offer = Se connecter sans mot de passe sur cet appareil
passkey-title = Clé d'accès
passkey-used = Ajoutée le { $day } · dernière fois { $when }
passkey-unused = Ajoutée le { $day } · pas encore utilisée
passkey-edit = Renommer ou retirer
passkey-edit-for = Renommer ou retirer la clé d'accès « { $label } »
passkey-label = Nom de la clé d'accès
passkey-label-hint = Pour la reconnaître, par exemple « Téléphone de Fatou »
passkey-label-wrong = Donnez un nom de 60 signes au plus.
passkey-rename = Renommer
passkey-lost = Je n'ai plus aucune de mes clés d'accès
passkey-remove-title = Retirer cette clé d'accès
passkey-remove-effect = Elle n'ouvrira plus ce compte. Effacez-la ensuite de votre appareil.
passkey-remove-proof = Montrez d'abord que c'est vous, avec cette clé d'accès ou une autre de ce compte.
passkey-remove = Retirer la clé d'accès
passkey-remove-caution = Par prudence, après un changement récent, cette clé d'accès peut être retirée à partir du { $day } à { $hour }.
passkey-last = Ce compte n'a pas de mot de passe : sans cette clé d'accès, personne n'y entrerait plus.
passkey-prove = Confirmer avec une clé d'accès
passkey-first-another = Montrez d'abord que c'est vous, avec une clé d'accès que ce compte a déjà.
passkey-full = Ce compte a déjà dix clés d'accès. Retirez-en une d'abord.
passkey-later = Plus tard
passkey-offer-later = À partir du { $day } à { $hour }, vous pourrez vous connecter sans mot de passe sur cet appareil : ajoutez une clé d'accès dans la page **Mot de passe et appareils**.
passkey-needs-script = Votre navigateur ne peut pas utiliser de clé d'accès ici.
passkey-adds-proof = Ensuite, sur un appareil que votre compte ne connaît pas, le mot de passe ne suffit plus : il faut aussi cette clé d'accès, ou l'un des codes de secours qui vous seront montrés.
passkey-refused = Cette clé d'accès n'a pas pu être vérifiée. Recommencez, ou utilisez votre mot de passe.
passkey-failed = La clé d'accès n'a pas servi. Recommencez quand vous voulez.
passkey-known = Cet appareil a déjà une clé d'accès de ce compte.
passkey-not-done = Rien n'a changé
passkey-not-accepted = La clé d'accès n'a pas pu être vérifiée. Recommencez.
notice-passkey-added-title = Une clé d'accès a été ajoutée à votre compte
notice-passkey-added = C'était { $when }, depuis un autre appareil. C'était vous ?
notice-passkey-removed-title = Une clé d'accès a été retirée de votre compte
notice-passkey-removed = « { $detail } », { $when }. C'était vous ?
notice-passkey-copied-title = Une de vos clés d'accès a peut-être été copiée
notice-passkey-copied = Une connexion avec « { $detail } » a été refusée { $when }. Retirez cette clé d'accès, puis ajoutez-en une autre.
event-passkey-added = Clé d'accès ajoutée
event-passkey-removed = Clé d'accès retirée
event-passkey-copied = Clé d'accès refusée : peut-être copiée

## Console: schools
admin-room-schools = Établissements
admin-room-letters = Lettres
admin-schools-where = Les campagnes d'activation de votre territoire : { $place }
admin-schools-filter = Filtrer les établissements
admin-schools-words = Nom ou UAI
admin-schools-all = Toutes
admin-schools-none = Aucun établissement.
admin-schools-none-fit = Aucun établissement ne correspond.
admin-schools-none-yet = Aucun établissement ne correspond parmi les premiers. La suite en contient peut-être.
admin-schools-see-all = Voir tous les établissements
admin-col-campaign = Campagne
admin-col-share = Part
admin-col-accounts = Comptes
admin-col-unreachable = Injoignables
admin-col-choose = Choisir
admin-col-class = Classe
admin-col-parents = Responsables
admin-col-with-account = Avec un compte
admin-col-day = Jour
admin-col-parent = Responsable
admin-col-given-name = Prénom
admin-col-children = Enfants
admin-col-why = Pourquoi
admin-col-known = Ce que l'on sait
admin-col-parent-and-children = Responsable et enfants
admin-no-roster = pas de base
admin-n-of = { $n } sur { $of }
admin-days = { $n } jours
admin-see = Voir
admin-campaign-is-open = Ouverte
admin-campaign-is-upcoming = À venir
admin-campaign-is-closed = Fermée
admin-campaign-is-not_planned = Jamais ouverte
admin-campaign-until-open = jusqu'au { $day }
admin-campaign-until-upcoming = ouvre le { $day }
admin-campaign-until-closed = fermée le { $day }
admin-campaign-until-not_planned = jamais ouverte
admin-campaign-open-long = du { $from } au { $to } : { $n ->
    [0] dernier jour
    [one] il reste 1 jour
   *[other] il reste { $n } jours
}
admin-campaign-upcoming-long = du { $from } au { $to }
admin-campaign-closed-long = fermée le { $to }
admin-print-letters = Imprimer des lettres
admin-school-own-classes = Vous voyez vos classes ; les chiffres sont ceux de ces classes.
admin-school-no-roster = Aucune base élèves n'a été prise pour cet établissement.
admin-tile-share = des responsables ont un compte
admin-tile-academy = académie : { $share }
admin-tile-pupils = élèves ont au moins un responsable avec compte
admin-tile-pupils-none = { $n ->
    [0] aucun élève sans personne
    [one] 1 élève sans personne
   *[other] { $n } élèves sans personne
}
admin-tile-not-begun = n'ont rien commencé
admin-tile-not-begun-why = un SMS peut leur arriver
admin-tile-unreachable = ne reçoivent pas de SMS
admin-tile-unreachable-why = une lettre, ou le numéro corrigé dans la base élèves
admin-families-wait = À voir avec les familles
admin-family-contested = dit que { $pupil } n'est pas son enfant. La fiche se corrige dans la base élèves.
admin-family-set_aside = a épuisé ses essais pour la date de naissance de { $pupil }.
admin-family-recovery_failed = n'a donné aucune date juste pour un nouveau mot de passe.
admin-family-shared_mobile = a un nouveau mot de passe, choisi avec un portable que la base élèves donne aussi à une autre personne. À vérifier avec elle, et à corriger dans la base.
admin-family-phone_disowned = dit que le portable de la base élèves n'est plus le sien.
admin-family-country_refused = a un portable d'un pays vers lequel aucun SMS ne part. Une lettre ouvre le compte.
admin-family-link_repeated = est écrit deux fois pour { $pupil } dans la base élèves, de deux façons. La fiche se corrige dans la base.
admin-family-code = code { $code }
admin-family-late = { $n ->
    [one] 1 personne arrivée trop tard demande à activer son compte
   *[other] { $n } personnes arrivées trop tard demandent à activer leur compte
}
admin-family-late-how = elles ont donné un code juste pendant que la campagne n'était pas ouverte
admin-family-late-open = Ouvrir pour elles
admin-funnel = Où en sont les responsables
admin-funnel-legal = Responsables légaux
admin-funnel-to_activate = À activer
admin-funnel-reachable = Joignables par SMS
admin-funnel-asked = Ont demandé un code
admin-funnel-code = Code juste
admin-funnel-children = Enfants confirmés
admin-funnel-active = Compte activé
admin-lost-to_activate = { $n ->
    [one] 1 avait déjà un compte
   *[other] { $n } avaient déjà un compte
}
admin-lost-reachable = { $n ->
    [one] 1 ne l'est pas
   *[other] { $n } ne le sont pas
}
admin-lost-asked = { $n ->
    [one] 1 n'a rien commencé
   *[other] { $n } n'ont rien commencé
}
admin-lost-code = { $n ->
    [one] 1 en est resté au code
   *[other] { $n } en sont restés au code
}
admin-lost-children = { $n ->
    [one] 1 en est resté aux enfants
   *[other] { $n } en sont restés aux enfants
}
admin-lost-active = { $n } sans mot de passe
admin-lost-legal = { $n }
admin-chart = Comptes activés par jour
admin-chart-since = { $n } depuis { $day }
admin-chart-active = activés
admin-chart-unfinished = commencé sans finir ce jour-là
admin-chart-table = Les mêmes chiffres en tableau
admin-list-injoignables = Injoignables par SMS
admin-list-rien = N'ont rien commencé
admin-list-code = En sont restés au code
admin-list-enfants = En sont restés aux enfants
admin-list-mot-de-passe = Sans mot de passe encore
admin-list-partages = Portables partagés par deux responsables
admin-list-par-lettre = Activés par lettre
admin-list-by-letter = { $n ->
    [one] 1 responsable a activé par lettre
   *[other] { $n } responsables ont activé par lettre
}
admin-list-csv = Télécharger la liste (CSV)
admin-list-nobody = Personne.
admin-list-some = { $n } sur { $of }
admin-list-shared = { $n ->
    [one] 1 responsable partage un portable
   *[other] { $n } responsables partagent un portable
}
admin-tab-all = Tous
admin-tab-no_number = Pas de numéro
admin-tab-landline = Numéro fixe
admin-tab-incomplete = Numéro incomplet
admin-tab-foreign = Étranger non admis
admin-tab-disowned = Numéro abandonné
admin-tab-institution = Institution
admin-why-parent-no_number = Pas de numéro de portable
admin-why-parent-landline = Numéro fixe
admin-why-parent-incomplete = Numéro incomplet
admin-why-parent-foreign = Numéro d'un pays où aucun SMS ne part
admin-why-parent-disowned = La personne dit que ce numéro n'est plus le sien
admin-why-parent-institution = Institution : pas de portable attendu
admin-why-parent-had_account = Avait déjà un compte
admin-why-parent-activated = Compte activé
admin-why-parent-unreachable = Aucun SMS n'arrive
admin-why-parent-not_begun = N'a rien commencé
admin-why-parent-stopped_at_code = A demandé un code, et n'en a donné aucun de juste
admin-why-parent-stopped_at_children = A donné un code juste ; les enfants ne sont pas confirmés
admin-why-parent-stopped_at_password = A un identifiant, et pas encore de mot de passe
admin-tried-other-number = une demande à son nom, avec un autre numéro
admin-by-class = Par classe
admin-order-change = Changer la campagne
admin-order-what = Quoi
admin-order-open = Ouvrir pour tous, à partir de maintenant
admin-order-extend = Prolonger
admin-order-close = Fermer maintenant
admin-order-late = Ouvrir 7 jours pour les personnes arrivées trop tard, et pour elles seules
admin-order-days = Durée, pour ouvrir ou prolonger
admin-order-read = Voir avant de changer
admin-order-several = Changer plusieurs campagnes en une fois
admin-order-wrong-choice = Choisissez ce qui change, et une durée.
admin-order-wrong-no_school = Choisissez au moins un établissement.
admin-order-wrong-too_many = C'est trop pour une fois. Faites-le en plusieurs fois, ou demain.
admin-order-done-open = La campagne est ouverte.
admin-order-done-extend = La campagne est prolongée.
admin-order-done-close = La campagne est fermée.
admin-order-done-late = L'activation est ouverte 7 jours pour les personnes qui l'avaient demandé.
admin-order-crumb = Relire
admin-order-title-open = Ouvrir l'activation
admin-order-title-extend = Prolonger l'activation
admin-order-title-close = Fermer l'activation
admin-order-title-late = Ouvrir l'activation aux personnes arrivées trop tard
admin-order-changing = { $n ->
    [0] Rien ne changerait.
    [one] 1 établissement change. Rien n'est encore fait.
   *[other] { $n } établissements changent. Rien n'est encore fait.
}
admin-order-is-doing = L'activation s'ouvre, établissement par établissement. Fermer cette page n'arrête rien.
admin-order-is-cut = Votre rôle a pris fin pendant l'ouverture : elle est faite pour une partie des personnes seulement.
admin-order-is-done = C'est fait.
admin-col-then = Ensuite
admin-order-nothing = inchangé
admin-order-after-becomes = ouverte jusqu'au { $day }
admin-order-after-closes = fermée dès que vous confirmez
admin-order-after-opens_for = { $n ->
    [one] ouverte pour 1 personne, jusqu'au { $day }
   *[other] ouverte pour { $n } personnes, jusqu'au { $day }
}
admin-order-effect-open = Les responsables légaux des élèves présents pourront activer leur compte. Personne n'en est prévenu d'ici.
admin-order-effect-extend = Les responsables ont plus de temps pour activer leur compte. Personne n'en est prévenu d'ici.
admin-order-effect-close = Qui n'a pas commencé lira que l'activation est fermée ; sa demande de réouverture vous arrive. Les comptes actifs restent.
admin-order-effect-late = Ces personnes pourront activer leur compte pendant 7 jours, les autres non. Leur demande est alors réglée.
admin-order-confirm-open = Ouvrir
admin-order-confirm-extend = Prolonger
admin-order-confirm-close = Fermer
admin-order-confirm-late = Ouvrir pour ces personnes
admin-order-back = Revenir
admin-order-review-changed = Cela a changé depuis, ou cette page a plus d'une heure : voici ce qui est vrai maintenant. Si c'est encore ce que vous voulez, revenez et recommencez.
admin-order-review-nothing = Il n'y a plus rien à changer.
admin-order-review-role_ended = Votre rôle sur { $place } est terminé depuis { $hour } ; rien n'a été fait.
admin-remind-sms = Rappeler par SMS
admin-remind-mail = Rappeler par e-mail
admin-order-done-reminded = Les rappels sont commandés. Ils partent peu à peu, de jour ; cette page dit combien sont partis.
admin-reminders = Rappels
admin-reminder-line = { $when } : { $n } partis sur { $of }
admin-reminder-line-mail = { $when }, par e-mail : { $n } partis sur { $of }
admin-reminder-is-sending = en cours
admin-reminder-is-cancelled = arrêtés
admin-reminder-is-over = terminés
admin-reminder-order-sms = Rappels par SMS
admin-reminder-order-mail = Rappels par e-mail
admin-reminder-order-facts = Cette commande
admin-reminder-order-people = Commandés pour, au plus
admin-reminder-order-sent = Partis
admin-reminder-order-waiting = Pas encore partis, au plus
admin-reminder-cancel = Arrêter ces rappels
admin-reminder-cancel-effect = { $n ->
    [0] Aucun rappel n'attend plus.
    [one] Un rappel au plus n'est pas encore parti : il ne partira pas.
   *[other] { $n } rappels au plus ne sont pas encore partis : ils ne partiront pas.
}
admin-reminder-cancel-kept = Ce qui est parti reste parti, et qui l'a reçu n'a pas d'autre rappel avant une semaine. Le reste est rendu au budget de l'établissement, et ces personnes peuvent être rappelées.
admin-reminder-cancel-over = Il n'y a plus rien à arrêter : tout ce qui devait partir de cette commande est parti ou a pris fin. Vous n'avez rien à faire.
admin-reminder-cancelled-effect = { $n ->
    [0] Arrêtés { $when }. Aucun rappel n'était parti, et aucun ne partira.
    [one] Arrêtés { $when }. Un rappel était parti ; les autres ne partiront pas.
   *[other] Arrêtés { $when }. Partis avant : { $n } ; les autres ne partiront pas.
}
admin-chart-reminders = rappels
admin-settled = { $n ->
    [one] 1 point s'est réglé de lui-même ces 14 jours
   *[other] { $n } points se sont réglés d'eux-mêmes ces 14 jours
}
admin-settled-link_ended = n'a plus cet enfant ici, d'après la base élèves.
admin-settled-account_active = a maintenant un compte actif.
admin-settled-child_confirmed = a maintenant { $pupil } dans son compte.
admin-settled-campaign_reopened = peut de nouveau activer son compte.
admin-settled-number_replaced = a maintenant un autre portable dans la base élèves.
admin-reminder-title-sms = Rappeler l'activation par SMS
admin-reminder-title-mail = Rappeler l'activation par e-mail
admin-reminder-people = { $n ->
    [0] personne ne le recevrait
    [one] 1 personne le recevra
   *[other] { $n } personnes le recevront
}
admin-reminder-is-done = C'est commandé.
admin-reminder-text = Le texte
admin-reminder-subject = Objet :
admin-reminder-text-how-sms = Le même pour tous, en français, sans nom d'enfant et sans lien à ouvrir : un lien reçu par SMS apprend à suivre ceux des escrocs.
admin-reminder-text-how-mail = Le même pour tous, en français, sans nom d'enfant, sans code et sans lien à ouvrir : un lien reçu par e-mail apprend à suivre ceux des escrocs.
admin-reminder-who = Qui le reçoit
admin-reminder-receive-sms = Le recevront : sans compte actif, joignables par SMS
admin-reminder-receive-mail = Le recevront, une personne par adresse : sans compte actif, avec une adresse e-mail dans la base élèves
admin-left-out-has_account = Pas eux : leur compte est actif
admin-left-out-no_mobile = Pas eux : aucun SMS ne leur arrive (une lettre, ou le numéro corrigé dans la base élèves)
admin-left-out-shared_number = Pas eux : leur portable est aussi celui d'un autre responsable
admin-left-out-no_mail = Pas eux : la base élèves n'a pas d'adresse e-mail qui soit la leur
admin-left-out-same_address = Pas eux : un autre responsable a la même adresse, et l'e-mail y arrive
admin-left-out-withheld = Pas eux : ils ont répondu que l'enfant n'est pas le leur, ou sa date de naissance n'a pas été trouvée
admin-left-out-reminded = Pas eux : un rappel est parti il y a moins d'une semaine
admin-reminder-cost = Ce que cela coûte
admin-reminder-sms = SMS facturés
admin-reminder-sms-of = { $segments ->
    [one] { $n }, un par personne
   *[other] { $n }, { $segments } par personne : le texte est long
}
admin-reminder-price = Prix
admin-reminder-budget-sms = SMS qu'il reste à l'établissement sur 30 jours
admin-reminder-budget-mail = E-mails de rappel qu'il reste à l'établissement sur 30 jours : { $n } sur { $of }.
admin-reminder-effect = Les messages partent peu à peu, de jour (le premier : { $when }). Qui active son compte entre-temps n'en reçoit pas. Une personne reçoit un rappel par semaine au plus.
admin-reminder-share-sms = { $share } % au plus des SMS d'un jour sont des rappels ({ $n } pour tous les établissements ensemble) ; le reste est gardé pour les codes. Ce qui ne part pas aujourd'hui part les jours suivants, pendant 4 jours.
admin-reminder-share-mail = { $n } e-mails de rappel au plus partent en un jour, pour tous les établissements ensemble, et après tous les autres messages. Ce qui ne part pas aujourd'hui part les jours suivants, pendant 4 jours.
admin-reminder-confirm = { $n ->
    [one] Envoyer 1 rappel
   *[other] Envoyer { $n } rappels
}
admin-reminder-wrong-changed = Cela a changé depuis, ou cette page a plus d'une heure : voici ce qui est vrai maintenant. Si c'est encore ce que vous voulez, revenez et recommencez.
admin-reminder-wrong-off = Aucun rappel ne part de ce service.
admin-reminder-wrong-mail_off = Aucun rappel ne part par e-mail de ce service.
admin-reminder-wrong-not_open = La campagne n'est pas ouverte, ou elle ferme dans moins de 12 heures : prolongez-la d'abord.
admin-reminder-wrong-nobody = Il n'y a personne à rappeler.
admin-reminder-wrong-over_budget = C'est plus que ce qu'il reste à l'établissement sur 30 jours. Votre académie peut demander plus à qui tient le service.
admin-reminder-wrong-under_way = Des rappels par e-mail de cet établissement partent encore : attendez qu'ils soient tous partis, ou arrêtez-les : ouvrez-les dans « Rappels », sur la page de l'établissement.
admin-reminder-wrong-role_ended = Votre rôle sur { $place } est terminé depuis { $hour } ; rien n'a été fait.
admin-letters-what = Un code sur papier, pour qui ne reçoit pas de SMS. Il sert une fois, avec une date de naissance.
admin-letters-from-school = Pour imprimer, partez d'un établissement :
admin-batch-new = Imprimer des lettres : { $school }
admin-batch-for = Pour qui
admin-batch-for-unreachable = { $n ->
    [one] Le responsable à qui aucun SMS n'arrive
   *[other] Les { $n } responsables à qui aucun SMS n'arrive
}
admin-batch-for-responsable = Les responsables d'une classe, sans compte actif
admin-batch-for-eleve = Les élèves d'une classe, sans compte actif
admin-batch-choose-class = Choisir
admin-batch-how = Une lettre par page. Une lettre déjà imprimée pour la même personne ne servira plus. Les codes ne sont que sur le papier.
admin-batch-carried = Les feuilles des élèves, et les premières lettres des responsables, peuvent passer par le cartable.
admin-batch-not-carried = Les feuilles des élèves peuvent passer par le cartable. Celles des responsables, non : elles se remettent en main propre ou s'envoient par la poste, car un élève connaît les dates de naissance.
admin-batch-print = Imprimer
admin-batches = Déjà imprimées
admin-batches-none = Aucune lettre n'a été imprimée d'ici.
admin-batch-unreachable = Injoignables par SMS
admin-col-batch = Pour qui
admin-col-letters = Lettres
admin-col-used-letters = Utilisées
admin-col-open-letters = Encore valables
admin-batch-title = Lettres : { $who }
admin-batch-facts = Ce lot
admin-batch-withdraw = Retirer les lettres non utilisées
admin-batch-withdraw-for = Pour des lettres perdues en route, ou imprimées pour la mauvaise classe.
admin-batch-withdraw-effect = { $n ->
    [one] Une lettre est encore valable : son code ne servira plus, dès maintenant, même dans un navigateur où il vient d'être tapé.
   *[other] { $n } lettres sont encore valables : leurs codes ne serviront plus, dès maintenant, même dans un navigateur où l'un d'eux vient d'être tapé.
}
admin-batch-withdraw-used = Les lettres déjà utilisées restent utilisées, et leurs comptes ne changent pas. Qui a encore besoin d'une lettre en reçoit une autre : imprimez-la depuis la liste.
admin-batch-withdraw-none = Plus aucune lettre n'est valable ici : il n'y a rien à retirer.
admin-batch-withdrawn = { $n ->
    [one] une lettre retirée { $when }
   *[other] { $n } lettres retirées { $when }
}
admin-batch-withdrawn-effect = { $n ->
    [one] Une lettre a été retirée { $when } : son code ne sert plus.
   *[other] { $n } lettres ont été retirées { $when } : leurs codes ne servent plus.
}
admin-batch-wrong-choice = Choisissez pour qui, et une classe.
admin-batch-wrong-reason = Dites pourquoi, en 300 signes au plus.
admin-batch-wrong-nobody = Personne n'a besoin d'une lettre dans cette partie de l'établissement.
admin-batch-wrong-too_many = C'est plus de 120 lettres. Imprimez classe par classe.
admin-batch-wrong-changed = Le compte d'une des personnes a changé pendant l'impression : aucune lettre n'a été imprimée. Recommencez.
admin-batch-wrong-already = Ces lettres sont déjà imprimées. Pour en imprimer d'autres, partez du formulaire ci-dessous : les précédentes ne serviront plus.

## Console: rosters
admin-room-rosters = Bases élèves
admin-rosters-what = Les fichiers d'un établissement, comparés à ce qui est connu avant d'être pris.
admin-upload-new = Déposer les fichiers d'un établissement
admin-upload-uai = UAI de l'établissement
admin-upload-uai-hint = Par exemple 0349999J
admin-upload-format = Quels fichiers
admin-upload-format-siecle = SIECLE : ElevesAvecAdresses et ResponsablesAvecAdresses, en XML ou en ZIP
admin-upload-format-onde = ONDE : les extractions des élèves et des responsables
admin-upload-format-csv = Un tableau CSV, si les colonnes en sont déjà connues
admin-upload-files = Fichiers
admin-upload-files-hint = Tous à la fois, 32 Mo au plus
admin-upload-nothing-yet = Rien n'est écrit avant que la différence soit lue et confirmée.
admin-upload-send = Déposer
admin-uploads = Déjà déposés
admin-uploads-none = Aucun fichier n'a été déposé ici.
admin-col-changes = Changements
admin-format-siecle = SIECLE
admin-format-onde = ONDE
admin-format-csv = CSV
admin-upload-is-receiving = Incomplet
admin-upload-is-received = À lire
admin-upload-is-waiting = Attend une décision
admin-upload-is-writing = À écrire
admin-upload-is-taken = Pris
admin-upload-is-refused = Refusé
admin-upload-is-stopped = Arrêté
admin-upload-is-undone = Défait
admin-upload-wrong-uai = Indiquez l'UAI de l'établissement : sept chiffres et une lettre.
admin-upload-wrong-format = Dites quels fichiers ce sont.
admin-upload-wrong-number = Choisissez de 1 à 4 fichiers, tous à la fois.
admin-upload-wrong-empty = Un des fichiers est vide.
admin-upload-wrong-bad_zip = Un ZIP ne s'ouvre pas. Refaites l'export, ou déposez les XML.
admin-upload-wrong-zip_paths = Un ZIP contient des dossiers. Déposez le ZIP de l'écran d'export, ou les XML.
admin-upload-wrong-zip_too_large = Un ZIP contient trop de données. Déposez les fichiers d'un seul établissement.
admin-upload-wrong-too_many = Vous avez déposé beaucoup de fichiers aujourd'hui. Revenez demain.
admin-upload-wrong-school_full = Beaucoup de fichiers de cet établissement attendent déjà une décision. Décidez ou arrêtez un dépôt de la liste, puis recommencez.
admin-upload-wrong-academy_full = Beaucoup de fichiers de l'académie attendent une décision. Réessayez quand l'académie aura décidé, ou demandez-le-lui.
admin-upload-wrong-deployment_full = Trop de fichiers attendent une décision pour en garder d'autres. Réessayez plus tard.
admin-upload-decide-before = Sans décision d'ici { $day }, les fichiers sont effacés et rien n'est écrit.
admin-upload-expired = Personne n'a décidé à temps : les fichiers sont effacés, rien n'a été écrit. Déposez-en d'autres.
admin-upload-title = Base élèves : { $school }
admin-upload-given = déposé { $when } par { $who }
admin-upload-files-n = { $n ->
    [one] 1 fichier, { $kb } ko
   *[other] { $n } fichiers, { $kb } ko
}
admin-upload-step-given = Déposé
admin-upload-step-read = Lu et comparé
admin-upload-step-agreed = Décision
admin-upload-step-written = Écrit
admin-upload-at-work-received = Les fichiers sont lus et comparés. Cela prend quelques secondes.
admin-upload-at-work-writing = Les changements s'écrivent. Les connexions continuent.
admin-upload-close-page = Fermer cette page n'arrête rien ; après une coupure, le travail reprend.
admin-upload-no-refresh = Ne plus actualiser cette page toute seule
admin-upload-refresh = Actualiser
admin-upload-gone = { $n } élèves sur { $of } partiraient ({ $share })
admin-upload-agreement = Un accord de l'académie
admin-upload-needs-academy = L'accord de l'académie est demandé : beaucoup d'élèves partiraient, comme après un export fait sur un groupe, ou des familles ne sont pas seulement de cet établissement.
admin-upload-elsewhere = { $n ->
    [one] Une personne d'un autre établissement est concernée. Vérifiez qu'elle est aussi de celui-ci.
   *[other] { $n } personnes d'autres établissements sont concernées. Vérifiez qu'elles sont aussi de celui-ci.
}
admin-upload-needs-two_persons = C'est plus d'un cinquième : deux personnes de l'académie doivent être d'accord.
admin-upload-first = { $who } est d'accord. Il manque une deuxième personne.
admin-upload-what = Ce qui changerait
admin-col-gone = Partis
admin-col-new = Nouveaux
admin-col-changed = Modifiés
admin-rows-enrolments = Inscriptions
admin-rows-links = Liens avec les responsables
admin-rows-pupils = Élèves
admin-rows-persons = Responsables
admin-departures = Départs par classe
admin-col-known-pupils = Élèves connus
admin-col-absent = Absents du fichier
admin-col-remark = Remarque
admin-no-class = sans classe
admin-whole-class = toute la classe
admin-half-class = plus de la moitié
admin-changes = Changements
admin-changes-ids = par numéro de fiche, sans nom
admin-changes-none = Rien ne changerait.
admin-lines = Lignes à voir
admin-report-csv = Télécharger le rapport (CSV)
admin-col-kind = Genre
admin-col-line = Ce que dit la lecture
admin-line-taken = Pris
admin-line-would_be_taken = Serait pris
admin-line-refused = Refusé
admin-line-not_read = Non lu, donc inchangé
admin-line-passed_over = Laissé de côté
admin-line-for_the_school = Pour l'établissement
admin-line-for_the_academy = Pour l'académie
admin-line-left = Resté en place
admin-line-note = À savoir
admin-upload-refuse = Refuser : d'autres fichiers seront déposés
admin-upload-take = Prendre
admin-upload-reason-hint = Gardée au journal
admin-upload-decide = Enregistrer la décision
admin-upload-effect = Aucun compte n'est supprimé. Revenir à l'état d'avant reste possible pendant 30 jours, tant que rien d'autre n'est importé.
admin-upload-others-confirmation = Une personne de l'établissement ou de l'académie décide.
admin-upload-others-academy = Une personne de l'académie décide.
admin-upload-others-two_persons = Deux personnes de l'académie décident, l'une après l'autre.
admin-upload-stop = Arrêter
admin-upload-stop-why = Les fichiers sont oubliés ; rien n'est écrit.
admin-upload-stop-do = Arrêter ce dépôt
admin-upload-undo = Revenir en arrière
admin-upload-undo-why = L'établissement redevient comme avant ces fichiers. Les comptes restent.
admin-upload-undo-two = Plus d'un cinquième des élèves ou des liens change : deux personnes de l'académie doivent être d'accord.
admin-upload-undone-by = Défait par { $who }
admin-upload-undo-do = Revenir à l'état d'avant
admin-upload-error-choice = Choisissez : prendre ou refuser.
admin-upload-error-reason = Dites pourquoi, en 300 signes au plus.
admin-upload-error-own = Vous êtes déjà d'accord : une autre personne doit l'être aussi.
admin-upload-error-changed = Cela a changé depuis : voici ce qui est vrai maintenant.
admin-upload-error-no_undo = Cela ne se défait plus : autre chose a été importé depuis, ou 30 jours sont passés.
admin-task-roster = des fichiers déposés attendent une décision.
admin-task-request = une demande attend votre décision.
admin-task-question = votre demande attend une réponse de votre part.
admin-task-sign_outs = { $n ->
    [one] une déconnexion n'a pas été reçue par le service.
   *[other] { $n } déconnexions n'ont pas été reçues par le service.
}

admin-test-title = Connexion d'essai
admin-test-what = Préau joue le service avec une personne fictive et montre exactement ce que le service recevrait. Aucun compte réel n'est touché, rien n'est compté, rien n'est gardé qu'une ligne du journal.
admin-test-note-draft = Ce service n'est que demandé : l'essai fait comme s'il était approuvé. Aucune de ses adresses n'est appelée.
admin-test-note-pending = Ce service attend une approbation : en vrai, sa demande serait refusée dès l'arrivée.
admin-test-note-suspended = Ce service est suspendu : en vrai, sa demande serait refusée dès l'arrivée.
admin-test-note-gone = Ce service est retiré : en vrai, sa demande serait refusée dès l'arrivée.
admin-test-note-trial = Ce service est à l'essai : chaque personne l'apprend une fois, sur la page d'accord, et la cent unième attend la fin.
admin-test-note-consent = La personne voit d'abord la page d'accord. L'essai répond oui.
admin-test-note-signed_request = Ce service signe ses demandes de sa clé. L'essai ne l'a pas et envoie la demande sans signature ; tout le reste est vérifié.
admin-test-note-dpop = Les jetons d'accès de ce service sont liés à une clé (DPoP). L'essai met une empreinte inventée à sa place.
admin-test-person = Personne fictive
admin-test-person-parent = Camille Exemple, responsable d'un enfant ({ $school })
admin-test-person-siblings = Dominique Exemple, deux enfants dans deux académies, dont { $school }
admin-test-person-pupil = Sacha Exemple, élève ({ $school })
admin-test-person-teacher = Claude Exemple, enseigne ({ $school })
admin-test-person-staff = Andréa Exemple, travaille ({ $school })
admin-test-person-guest = Lou Exemple, personne invitée ({ $school })
admin-test-person-outside = Alix Exemple, que le service ne concerne pas ({ $school })
admin-test-person-suspended = Maxime Exemple, compte suspendu
admin-test-run = Essayer
admin-test-unknown-person = Choisissez une des personnes de la liste.
admin-test-limited = Vous avez fait 60 essais en une heure. Réessayez plus tard.
admin-test-site = Ouvrir le site du service
admin-test-site-who = Il demande une vraie connexion : prenez votre propre compte.
admin-test-is-complete = Essai réussi
admin-test-is-no_redirect_uri = Essai impossible
admin-test-is-refused = Demande refusée
admin-test-is-suspended = Le compte est suspendu
admin-test-is-out_of_perimeter = Le service ne concerne pas cette personne
admin-test-why-complete = Demande, connexion de { $name }, code, jetons, informations : tout a été vérifié, et une preuve interne a remplacé celle du service.
admin-test-why-no_redirect_uri = Ce service n'a pas d'adresse de retour. { $name } ne pourrait revenir nulle part.
admin-test-why-refused = La demande elle-même est refusée, avec cette erreur à l'adresse de retour. { $name } ne voit aucune page.
admin-test-why-suspended = { $name } donne le bon mot de passe et lit que le compte est suspendu. Le service n'apprend rien. Les jetons déjà donnés ne valent plus.
admin-test-why-out_of_perimeter = { $name } se connecte et lit que ce service ne concerne aucun de ses enfants ou de ses établissements. Le service n'apprend rien, sauf « access_denied » quand la personne revient chez lui, et « interaction_required » s'il demande sans page (prompt=none).
admin-test-steps = Demandes et réponses
admin-test-step-pushed = La demande, déposée d'avance (PAR)
admin-test-step-authorize = La demande, par le navigateur
admin-test-step-token = Le code contre les jetons
admin-test-step-userinfo = Les informations
admin-test-request = Le service demande
admin-test-answer = Préau répond
admin-test-id-token = Jeton d'identité
admin-test-verified = Vérifié avec les clés publiées.
admin-test-not-verified = Les clés publiées ne le vérifient pas.
admin-test-cut = La fin de la signature n'est pas montrée : ce jeton n'ouvre rien.
admin-test-no-key = En vrai, la réponse échouerait : aucune clé du service ne convient pour la chiffrer, ou l'essai ne l'a pas lue.
admin-test-encrypted = Chiffré pour la clé { $kid } du service.
admin-test-encrypted-nameless = Chiffré pour la clé du service, qui n'a pas de nom (kid).
admin-test-claims = Ce qu'il dit
admin-test-header = En-tête
admin-test-as-sent = Tel qu'il part, sans la fin
admin-test-userinfo = Informations (userinfo)
admin-test-userinfo-signed = Signées, elles partent ainsi, sans la fin :
admin-test-withheld = Pas donné, et pourquoi
admin-withheld-no_scope = non demandé : le service n'a pas la portée { $value }
admin-withheld-other_profile = n'existe pas pour les personnes de ce profil
admin-withheld-person_has_none = cette personne n'en a pas
admin-withheld-not_of_aaf = seulement pour les personnes venues de l'annuaire académique (AAF)
admin-withheld-nothing_within = rien n'en est dans le périmètre du service
admin-withheld-outside = hors du périmètre : { $value }
admin-withheld-no_refresh_grant = le service n'est pas inscrit pour renouveler ses jetons (refresh_token)
admin-withheld-no_sign_out_address = le service n'a pas d'adresse de fin de session
admin-withheld-credential = jamais : l'identifiant ouvre le compte
admin-withheld-proof = jamais : la date de naissance sert de preuve
admin-fapi-tab = Exigences FAPI 2.0
admin-fapi-is = Ce service a le profil FAPI 2.0 : Préau refuse ce qui le contredit.
admin-fapi-is-not = Ce service n'a pas le profil FAPI 2.0, et rien n'y oblige. Pour le demander : « Modifier », « Profil FAPI 2.0 ». Voici ce qui manque.
admin-fapi-required = Exigé
admin-fapi-here = Ce service
admin-fapi-to-do = À changer
admin-fapi-met = rempli
admin-fapi-missing = manque
admin-fapi-signed = En plus, un fichier du déploiement peut exiger des demandes signées (require_signed_request_object). JARM n'est pas offert.
admin-fapi-need-profile = Le profil fapi2
admin-fapi-need-own_key = Le service prouve qui il est par sa propre clé (private_key_jwt)
admin-fapi-need-public_keys = Ses clés publiques sont connues
admin-fapi-need-client_signatures = Il signe en PS256, ES256 ou EdDSA
admin-fapi-need-audience = L'émetteur est le seul destinataire (aud) de ses preuves
admin-fapi-need-par = Il dépose ses demandes d'avance (PAR)
admin-fapi-need-pkce = PKCE avec S256
admin-fapi-need-dpop = Ses jetons d'accès sont liés à une clé (DPoP)
admin-fapi-need-code_only = Le code seul (response_type=code)
admin-fapi-need-server_signatures = Ce qu'il reçoit est signé en PS256, ES256 ou EdDSA
admin-fapi-need-https = Des adresses de retour en https
admin-fapi-need-no_rotation = Un refresh token qui ne change pas
admin-fapi-do-profile = Demandez le profil : il règle ici PAR, PKCE, DPoP et les signatures.
admin-fapi-do-own_key = Donnez une clé au service à la place du secret, et choisissez private_key_jwt.
admin-fapi-do-public_keys = Publiez les clés du service et inscrivez leur adresse (jwks_uri).
admin-fapi-do-client_signatures = Prenez une clé RSA pour PS256, ou une clé P-256 ou Ed25519.
admin-fapi-do-audience = Écrivez l'émetteur, et lui seul, dans aud : un texte, pas une liste.
admin-fapi-do-par = Envoyez la demande à /oauth2/par, puis le navigateur avec request_uri.
admin-fapi-do-pkce = Envoyez code_challenge et code_challenge_method=S256.
admin-fapi-do-dpop = Joignez une preuve DPoP à chaque appel, avec la même clé.
admin-fapi-do-code_only = Retirez les autres response_type.
admin-fapi-do-server_signatures = Demandez PS256 pour le jeton d'identité, et pour les informations si elles sont signées.
admin-fapi-do-https = Remplacez les adresses qui ne sont pas en https.
admin-fapi-do-no_rotation = Donnez une preuve au service : seul un programme sans secret ni clé a des jetons qui changent.
announcement-information = Information
announcement-disturbance = Perturbation
admin-room-announcements = Annonces
admin-announce-what = Un message aux familles, sur les pages de connexion et d'activation. Celui d'une académie se voit en venant d'un service de cette seule académie.
admin-announce-message = Message
admin-announce-where = Où
admin-announce-from = Début
admin-announce-to = Fin
admin-announce-level = Nature
admin-announce-fr = En français
admin-announce-en = En anglais
admin-announce-text-hint = 280 signes au plus, sans adresse de site ni de courriel. Ce que les familles doivent savoir, et ce qu'elles peuvent faire.
admin-announce-from-hint = Vide : dès la confirmation. Jour et heure de Paris, par exemple 24/11/2026 14:30.
admin-announce-to-hint = 31 jours au plus après le début.
admin-announce-new = Écrire une annonce
admin-announce-read = Relire avant d'afficher
admin-announce-none = Aucune annonce. Les pages de connexion et d'activation ne disent rien de plus.
admin-announce-is-shown = affichée
admin-announce-is-upcoming = à venir
admin-announce-is-ended = terminée
admin-announce-end = Terminer
admin-announce-ended-by = terminée avant l'heure par { $who }
admin-announce-done-published = L'annonce est enregistrée. Elle s'affiche partout dans les dix secondes qui suivent son début.
admin-announce-done-ended = L'annonce est terminée. Elle disparaît partout dans les dix secondes.
admin-announce-wrong-level = Choisissez la nature du message.
admin-announce-text-empty = Écrivez le message.
admin-announce-text-too_long = Le message a plus de 280 signes : raccourcissez-le.
admin-announce-text-hidden = Le message contient des signes qui ne se voient pas. Tapez-le à nouveau, sans le coller.
admin-announce-text-address = Retirez l'adresse : cette page demande un mot de passe et n'envoie nulle part ailleurs. Après un point, mettez une espace.
admin-announce-time-no_time = Indiquez un jour et une heure, par exemple 24/11/2026 14:30.
admin-announce-time-past = Cette heure est passée.
admin-announce-time-too_far = Le début est dans plus de 90 jours.
admin-announce-time-before_begin = La fin vient avant le début.
admin-announce-time-too_long = La fin vient plus de 31 jours après le début.
admin-announce-review = Relire l'annonce
admin-announce-before-after = Avant : rien de cela ne se voit. Après : le message s'affiche comme ci-dessous.
admin-announce-is-done = Cette annonce est enregistrée.
admin-announce-seen = Ce que les familles verront
admin-announce-beside = Déjà affiché ou à venir au même endroit
admin-announce-nothing-beside = Rien.
admin-announce-effect-academy = Le message s'affiche sur les pages de connexion et d'activation quand on vient d'un service de { $place } et d'elle seule.
admin-announce-effect-all = Le message s'affiche sur toutes les pages de connexion et d'activation.
admin-announce-now = dès la confirmation
admin-announce-confirm = Afficher
admin-announce-full = Trois annonces sont déjà affichées ou à venir à cet endroit. Terminez-en une d'abord.
admin-room-system = Système
admin-system-what = Ce que ce serveur trouve à redire à l'installation, et où elle en est. Vérifié à { $hour }, au plus une fois par minute. Rien ne se change ici.
admin-system-checks = Vérifications
admin-system-said = Ce que dit la vérification
admin-system-level-ok = en ordre
admin-system-level-warning = à regarder
admin-system-level-critical = à réparer
admin-system-level-unknown = non vérifié
admin-system-rest = Chaque serveur se vérifie lui-même ; celui qui vous répond est ici. Les adresses d'écoute, les fichiers du déploiement et les copies non scellées se vérifient sur la machine :
admin-finding-sources = Adresses des visiteurs
admin-finding-certificate = Certificat
admin-finding-disk = Disque
admin-finding-master-key-file = Fichier de la clé maîtresse
admin-finding-database-files = Fichiers de la base
admin-finding-migrations = Schéma de la base
admin-finding-signing-keys = Clés de signature
admin-finding-outbox = Envois
admin-finding-sms = SMS
admin-finding-sign-outs-told = Déconnexions annoncées aux services
admin-finding-codes-protected = Codes protégés par les services
admin-finding-clock = Horloge
admin-finding-ephemeral-store = Mémoire partagée
admin-finding-sms-gateway = Passerelle SMS
admin-finding-sms-fallback = Passerelle SMS de secours
admin-finding-sms-voice = Appels vocaux
admin-finding-mail = Courriel
admin-finding-upstream = Fournisseur d'identité
admin-system-server = Ce serveur
admin-system-version = Version
admin-system-issuer = Émetteur
admin-system-database = Base de données
admin-system-migrations = { $n } migrations appliquées
admin-system-store = Mémoire partagée
admin-system-memory = la mémoire de ce serveur
admin-system-backup = Dernière sauvegarde par preau backup
admin-system-no-backup = aucune
admin-system-sms = SMS et campagnes
admin-system-sms-today = SMS du jour
admin-system-caps = Plafonds à moitié atteints
admin-system-outages = Pannes de SMS
admin-system-outage-since = depuis { $when }, { $n ->
    [one] un refus
   *[other] { $n } refus
}
admin-system-none = aucune
admin-system-campaigns = Campagnes ouvertes
admin-system-keys = Clés de signature
admin-system-key = Clé
admin-system-since = Depuis
admin-system-next = Prochain changement
admin-system-key-upcoming = publiée, pas encore utilisée
admin-system-key-active = signe
admin-system-key-retiring = ne signe plus, vérifie encore
admin-system-step-publish_next = une clé suivante est publiée : { $when }
admin-system-step-stop_signing = cesse de signer : { $when }
admin-system-step-activate = commence à signer : { $when }
admin-system-step-retire = quitte la liste publiée : { $when }
admin-system-step-delete = est effacée : { $when }
admin-system-outbox = Envois en attente
admin-system-waiting = En attente
admin-system-tried = Déjà essayés sans succès
admin-system-oldest = Le plus ancien
admin-system-nothing-waits = Rien n'attend.
admin-job-find_and_send = Codes d'activation à chercher
admin-job-recovery_code = Codes de secours à chercher
admin-job-phone_proof = Codes pour vérifier un portable
admin-job-sms = SMS et appels
admin-job-mail = Courriels
admin-job-notice_sms = SMS d'information, le matin
admin-job-backchannel_logout = Déconnexions à transmettre aux services
admin-system-imports = Importations
admin-system-running = { $n ->
    [one] Une importation n'est pas terminée
   *[other] { $n } importations ne sont pas terminées
}, { $schools ->
    [one] un établissement écrit.
   *[other] { $schools } établissements écrits.
}
admin-system-academy = Académie
admin-system-format = Format
admin-system-last = Dernière complète
admin-system-no-import = Aucune importation complète.

## Console: journal and figures
admin-room-figures = Chiffres
admin-room-journal = Journal
admin-few = moins de 5
admin-col-number = Nombre
admin-col-academy = Académie
admin-col-actor = Qui
admin-col-on = Sur qui, sur quoi
admin-col-change = Pourquoi, et ce qui a changé
admin-figures-csv = Emporter en CSV
admin-figures-no-uai = Ce n'est pas un numéro d'établissement.
admin-figures-no-uai-next = Un UAI a sept chiffres et une lettre, par exemple 0349999J.
admin-figures-of-school = Chiffres d'un établissement
admin-figures-uai = Établissement (UAI)
admin-figures-signed-in = connexions
admin-figures-refused = refusées
admin-figures-in-days = en { $n } jours
admin-figures-chart = Connexions par jour
admin-figures-since = depuis { $day }
admin-figures-why = Pourquoi refusées
admin-figures-why-today = Pourquoi refusées, aujourd'hui
admin-figures-activation-how = Comptés par établissement : qui a des enfants dans deux établissements compte dans chacun.
admin-figures-by-client = Par service
admin-figures-by-academy = Par académie
admin-figures-today = Aujourd'hui
admin-figures-all = Tous les chiffres
admin-figures-how = Écrits toutes les dix secondes. Au-dessus d'un établissement, un nombre plus petit que 5 n'est pas dit.
admin-result-signed_in = Connexion
admin-result-wrong_password = Identifiant ou mot de passe faux
admin-result-must_wait = Trop d'essais, doit attendre
admin-result-wrong_factor = Seconde preuve fausse
admin-result-wrong_passkey = Clé d'accès refusée
admin-result-suspended = Compte suspendu
admin-result-forced_change = Nouveau mot de passe à choisir d'abord
admin-result-upstream_refused = Refusée par un autre fournisseur
admin-result-busy = Trop de monde à la fois
admin-result-outside_perimeter = Aucun enfant pour ce service
admin-result-bad_request = Demande du service incorrecte
admin-funnel-pupils = Élèves
admin-funnel-covered = Dont un parent a un compte
admin-journal-what = Qui a fait quoi, à qui, pourquoi. Rien n'y est jamais changé.
admin-journal-own = Vos propres gestes. Rien n'y est jamais changé.
admin-journal-csv = Exporter en CSV
admin-journal-json = Exporter en JSON
admin-journal-export-how = Un export demande votre clé à nouveau, s'arrête à 5 000 lignes, les plus récentes d'abord, et est lui-même une ligne du journal.
admin-journal-not-filtered = Ce filtre n'a rien donné.
admin-journal-wrong-date = Ce jour n'existe pas. Exemple : 26/11/2026.
admin-journal-wrong-order = Le dernier jour est avant le premier.
admin-journal-wrong-too_long = Ce texte est trop long : 100 signes au plus.
admin-journal-filter = Filtrer le journal
admin-journal-from = Du
admin-journal-to = Au
admin-journal-kind = Gestes
admin-journal-place = UAI ou académie
admin-journal-actor = Qui (un nom)
admin-journal-kind-gestes = Gestes d'administration
admin-journal-kind-connexions = Connexions
admin-journal-kind-activations = Activations
admin-journal-kind-bases = Bases élèves
admin-journal-kind-services = Services et clés
admin-journal-kind-refus = Refusés seulement
admin-journal-kind-tous = Tous
admin-journal-only-actor = Seulement les gestes de { $name }.
admin-journal-only-unnamed-actor = Seulement les gestes d'une personne.
admin-journal-only-person = Seulement ce qui concerne { $name }.
admin-journal-only-unnamed-person = Seulement ce qui concerne une personne.
admin-journal-all-again = Tout voir
admin-journal-refused = refusé
admin-journal-somebody = une personne
admin-journal-whole = Toute la ligne
admin-journal-detail = Détail
admin-journal-request = Requête
admin-journal-number = Numéro
admin-recorded-account-pending = compte commencé, sans mot de passe
admin-recorded-account-active = compte actif
admin-recorded-account-closed = compte fermé
admin-recorded-account-suspended = compte suspendu
admin-recorded-account-suspended-school = compte suspendu par l'établissement
admin-recorded-account-suspended-operator = compte suspendu par l'académie ou l'exploitation
admin-recorded-client-pending = à approuver
admin-recorded-client-active = en service
admin-recorded-client-suspended = suspendu
admin-recorded-client-gone = retiré
admin-recorded-campaign-none = jamais ouverte
admin-recorded-span = du { $from } au { $to }
admin-recorded-letters = { $n ->
    [0] aucune lettre valable
    [one] 1 lettre valable
   *[other] { $n } lettres valables
}
admin-recorded-factors-none = aucune seconde preuve
admin-recorded-factors = { $applications ->
    [0] aucune application
    [one] 1 application
   *[other] { $applications } applications
}, { $passkeys ->
    [0] aucune clé d'accès
    [one] 1 clé d'accès
   *[other] { $passkeys } clés d'accès
}, { $codes ->
    [0] aucun code de secours
    [one] 1 code de secours
   *[other] { $codes } codes de secours
}
admin-journal-none = Aucun geste.
admin-journal-none-that-day = Aucun geste ce jour-là.
admin-journal-none-yet = Aucun geste parmi les plus récents : cherchez plus loin.
admin-journal-older = Plus anciens
admin-journal-newest = Les plus récents
admin-journal-chain-unknown = La chaîne des lignes n'a pas encore été vérifiée.
admin-journal-chain-whole = Chaîne vérifiée { $when } : { $n } lignes, aucune rupture.
admin-journal-chain-partly = Chaîne vérifiée { $when } : { $n } lignes, aucune rupture. Les lignes plus récentes le seront demain.
admin-journal-chain-elsewhere = Chaîne vérifiée { $when } : ces lignes sont intactes, d'autres ont été changées. L'exploitation doit le savoir.
admin-journal-chain-broken = Chaîne vérifiée { $when } : des lignes montrées ici ont été changées ou retirées. Prévenez l'exploitation.
admin-by-administrator = quelqu'un qui n'administre plus
admin-by-token = par un jeton de l'API
admin-by-operator = l'exploitation
admin-by-job = ce programme
admin-by-client = le service lui-même
admin-by-account = la personne elle-même
admin-by-anonymous = quelqu'un, avant toute connexion
admin-by-unknown = on ne sait pas
admin-fact-signed_in = a ouvert une session
admin-fact-signed_out = a fermé sa session
admin-fact-upstream_linked = a relié un compte d'ailleurs
admin-fact-upstream_unlinked = a délié un compte d'ailleurs
admin-fact-upstream_school_dropped = un fournisseur a nommé un établissement qui n'est pas le sien
admin-fact-passwords_failed = mots de passe faux
admin-fact-codes_failed = codes faux
admin-fact-factors_failed = secondes preuves fausses
admin-fact-birth_dates_failed = dates de naissance fausses
admin-fact-locked_out = trop d'essais : attente imposée
admin-fact-activation_started = a commencé l'activation d'un compte
admin-fact-recovery_started = a demandé un nouveau mot de passe
admin-fact-email_confirmed = a confirmé une adresse électronique
admin-fact-email_removed = a retiré son adresse électronique
admin-fact-email_taken_back = a annulé un changement d'adresse électronique
admin-fact-code_accepted = a donné le bon code
admin-fact-letter_issued = a imprimé une lettre à code unique
admin-fact-letter_withdrawn = a retiré une lettre à code unique
admin-fact-letter_batch_withdrawn = a retiré les lettres non utilisées d'un lot
admin-fact-letters_refused = lettres refusées : celles du jour sont épuisées
admin-fact-children_confirmed = a confirmé ses enfants
admin-fact-child_contested = a répondu Non pour un enfant
admin-fact-child_set_aside = un enfant est mis de côté : trop de dates fausses
admin-fact-identifiant_given = un identifiant est donné
admin-fact-password_chosen = a choisi un mot de passe
admin-fact-password_replaced = a remplacé son mot de passe
admin-fact-sessions_ended = toutes les sessions sont fermées
admin-fact-factor_added = a ajouté une seconde preuve
admin-fact-factor_removed = une seconde preuve est retirée
admin-fact-factor_proven = a donné sa seconde preuve
admin-fact-backup_codes_renewed = a tiré de nouveaux codes de secours
admin-fact-device_forgotten = un appareil connu est oublié
admin-fact-phone_disowned = a dit qu'un portable n'est plus le sien
admin-fact-phone_proof_asked = a demandé un code pour prouver son portable
admin-fact-phone_proven = a prouvé son portable
admin-fact-phone_restored = un portable abandonné sert de nouveau
admin-fact-phone_kept = a dit que le portable est toujours le sien
admin-fact-passkey_added = a ajouté une clé d'accès
admin-fact-passkey_removed = a retiré une clé d'accès
admin-fact-passkey_copied = une clé d'accès a peut-être été copiée
admin-fact-data_exported = a emporté ses données
admin-fact-closing_requested = la fermeture du compte est demandée
admin-fact-closing_withdrawn = la fermeture du compte est annulée
admin-fact-account_closed = le compte est fermé
admin-fact-account_erased = ce qui restait du compte fermé est effacé
admin-fact-people_erased = des personnes qu'aucun établissement n'indique plus sont effacées
admin-fact-accounts_joined = deux comptes sont réunis
admin-fact-accounts_separated = deux comptes réunis sont séparés
admin-fact-not_mine_reported = a dit : ce n'était pas moi
admin-fact-authorization_code_replayed = un code d'autorisation a été présenté deux fois
admin-fact-refresh_token_reused = un jeton d'actualisation remplacé a été présenté
admin-fact-tokens_revoked = des jetons sont révoqués
admin-fact-consent_given = a donné son accord à un service
admin-fact-consent_withdrawn = a retiré son accord à un service
admin-fact-account_suspended = a suspendu un compte
admin-fact-account_resumed = a rétabli un compte suspendu
admin-fact-password_change_forced = un nouveau mot de passe est imposé
admin-fact-roster_imported = une base élèves est prise
admin-fact-phones_replaced = des portables sont remplacés par la base élèves
admin-fact-roster_upload_decided = a décidé d'une base élèves déposée
admin-fact-roster_import_undone = a annulé la dernière base élèves
admin-fact-pupil_recognised = un élève connu ailleurs est reconnu
admin-fact-pupil_detached = a détaché d'un compte la fiche d'un élève
admin-fact-campaign_opened = a ouvert ou prolongé une campagne
admin-fact-campaign_closed = a fermé une campagne
admin-fact-reminders_ordered = a demandé des rappels
admin-fact-reminders_sent = rappels partis
admin-fact-reminders_cancelled = a arrêté des rappels
admin-fact-client_changed = a changé un service
admin-fact-key_made = une clé de signature est créée
admin-fact-key_published = une clé de signature est publiée
admin-fact-key_imported = une clé de signature est importée
admin-fact-key_activated = une clé de signature signe désormais
admin-fact-key_withdrawn = une clé de signature ne signe plus
admin-fact-key_retired = une clé de signature n'est plus publiée
admin-fact-key_revoked = une clé de signature est révoquée
admin-fact-key_forgotten = une clé de signature est effacée
admin-fact-sms_budgets_lifted = a remis à zéro les limites de SMS
admin-fact-sms_resumed = les SMS repartent
admin-fact-sms_country_refused = un code était demandé pour un pays où aucun SMS ne part
admin-fact-files_published = les fichiers du déploiement sont lus
admin-fact-backup_written = a écrit une sauvegarde
admin-fact-restored = a restauré une sauvegarde
admin-fact-person_unblocked = a débloqué une personne
admin-fact-persons_exported = a emporté une liste de personnes
admin-fact-journal_exported = a emporté une partie du journal
admin-fact-administrator_invited = a invité quelqu'un à administrer
admin-fact-administrator_enrolled = a pris une invitation
admin-fact-administrator_signed_in = a ouvert la console
admin-fact-administrator_signed_out = a quitté la console
admin-fact-administrator_locked_out = trop d'essais à l'entrée de la console
admin-fact-administrator_role_given = a donné un rôle
admin-fact-administrator_role_approved = a approuvé un rôle
admin-fact-administrator_role_ended = a terminé un rôle
admin-fact-api_token_made = a fait un jeton de l'API
admin-fact-api_token_revoked = a révoqué un jeton de l'API
admin-fact-administrator_refused = a voulu aller hors de son territoire
admin-fact-announcement_published = a publié un message
admin-fact-announcement_ended = a terminé un message avant son terme
admin-fact-client_tested = a essayé une connexion à un service
admin-fact-unknown = a fait ce que cette version ne connaît pas encore
admin-refused-see_parents = voir des parents
admin-refused-see_pupils = voir des élèves
admin-refused-unblock_person = débloquer une personne
admin-refused-suspend_account = suspendre un compte
admin-refused-remove_factors = retirer des secondes preuves
admin-refused-print_letter = imprimer une lettre
admin-refused-print_letters = imprimer des lettres
admin-refused-change_campaign = changer une campagne
admin-refused-reopen_for_one = rouvrir pour une personne
admin-refused-see_school = voir un établissement
admin-refused-upload_roster = déposer une base élèves
admin-refused-accept_removals = accepter des départs
admin-refused-see_services = voir des services
admin-refused-request_client = demander un service
admin-refused-change_client = changer un service
admin-refused-approve_client = approuver un service
admin-refused-draw_secret = tirer un secret
admin-refused-test_sign_in = essayer une connexion
admin-refused-suspend_client = suspendre un service
admin-refused-see_team = voir l'équipe
admin-refused-give_role = donner un rôle
admin-refused-read_journal = lire le journal
admin-refused-read_own_acts = lire ses gestes
admin-refused-read_figures = lire les chiffres
admin-refused-export_persons = emporter une liste de personnes
admin-refused-announce = publier un message
admin-refused-configure = régler le système
## Console: tokens of the Admin API

admin-actor-token = un programme
admin-tokens = Jetons d'API
admin-tokens-lead = Un jeton laisse un programme lire ou faire à votre place ce que vous y avez mis, et rien d'autre.
admin-tokens-none = Aucun jeton.
admin-tokens-not-yours = Votre rôle n'a rien à mettre dans un jeton.
admin-token-new = Créer un jeton
admin-token-once = Copiez ce jeton maintenant : il n'est montré qu'une fois. Gardez-le comme un mot de passe.
admin-token-told-revoked = Le jeton est révoqué : il ne sert plus.
admin-token-name = Nom
admin-token-name-hint = Le programme qui s'en servira, par exemple « Suivi des campagnes »
admin-token-role = Le rôle qui le porte
admin-token-scopes = Ce qu'il peut faire
admin-token-used = Dernière utilisation
admin-token-never = Jamais utilisé
admin-token-dates = créé le { $created }, jusqu'au { $until }
admin-token-revoke = Révoquer
admin-token-is-open = En service
admin-token-is-revoked = Révoqué
admin-token-is-expired = Expiré
admin-token-is-role_ended = Rôle terminé
admin-token-rule = Il s'arrête à son terme, dès que son rôle se termine, ou quand vous le révoquez. Il n'approuve rien, ne donne pas de rôle et ne crée pas de jeton.
admin-token-territory = Une partie seulement de votre territoire
admin-token-territory-hint = L'UAI d'un établissement (0349999J), ou le nom court d'une académie. Vide : tout le territoire du rôle
admin-token-days = Durée
admin-token-n-days = { $n } jours
admin-token-make = Créer le jeton
admin-token-wrong-name = Donnez-lui un nom de 1 à 60 caractères.
admin-token-wrong-role = Choisissez un de vos rôles en cours.
admin-token-wrong-scopes = Cochez au moins une chose que ce rôle permet. Une case cochée est peut-être au-delà.
admin-token-wrong-territory = Ce territoire n'est pas connu, ou n'est pas dans celui du rôle.
admin-token-wrong-days = Choisissez une durée de la liste.
admin-token-wrong-too_many = Vous avez 20 jetons en service. Révoquez-en un d'abord.
admin-token-wrong-shown = Ce formulaire a déjà créé un jeton, qui a été montré. S'il est perdu, révoquez-le et créez-en un autre.

## The Admin API: its page, its document, its problems

api-title = API d'administration
api-lead = Ce que fait la console, pour des programmes : suivre et demander des services, suivre les campagnes, déposer des bases, débloquer une personne, lire le journal. Chaque réponse est en JSON.
api-document = La description pour les programmes (OpenAPI 3.1)
api-tokens-title = Jetons
api-tokens-how = Chaque demande porte un jeton dans son en-tête Authorization, jamais dans l'adresse. Le jeton fait moins que le rôle de la personne qui l'a créé.
api-tokens-make = Créer un jeton
api-rules-title = Règles communes
api-rule-version = Une réponse avec ETag a une version. La même en If-Match : si la chose a changé entre-temps, rien n'est fait (412). Ce qui demande une version la veut par son nom, pas « * » (428).
api-rule-key = Un POST avec Idempotency-Key n'est fait qu'une fois en 24 heures ; la même demande reçoit la même réponse. Un secret n'est montré qu'une fois.
api-rule-pages = Une liste longue donne next : la suite se demande avec ce cursor et les mêmes filtres. Une page a 50 lignes, 100 au plus avec limit.
api-rule-fields = Un champ inconnu est refusé ; le nom connu le plus proche est dit.
api-rule-limits = Un jeton sert 3 600 fois par heure au plus. Au-delà : 429, avec Retry-After.
api-operations = Demandes
api-needs = Il faut :
api-needs-any = n'importe quel jeton
api-query = Paramètres de l'adresse :
api-body = Champs du corps :
api-required = obligatoire
api-answer = La réponse
api-own-problems = Refus propres à cette demande :
api-problems = Refus
api-problems-how = Un refus est en application/problem+json (RFC 9457). Son code ne change pas de sens ; la phrase peut changer.

api-scope-clients-read = lire les services et leurs déconnexions
api-scope-clients-request = demander un service ou un changement, sans l'approuver
api-scope-clients-secret = tirer et fermer des secrets
api-scope-clients-suspend = suspendre et reprendre un service
api-scope-schools-read = lire les campagnes et leurs chiffres
api-scope-campaigns-write = ouvrir, prolonger et fermer une campagne, envoyer ses rappels par SMS
api-scope-persons-read = chercher une personne et lire ce qui l'empêche d'entrer
api-scope-persons-repair = débloquer une personne
api-scope-rosters-read = suivre les bases déposées
api-scope-rosters-write = déposer des bases et décider ce qu'un établissement décide seul
api-scope-audit-read = lire le journal, sans les noms des personnes
api-scope-figures-read = lire les chiffres
api-scope-team-read = lire qui administre

api-op-get_token = Ce que vaut ce jeton
api-op-list_administrators = Les personnes qui administrent le territoire
api-op-list_clients = Les services du territoire
api-op-get_client = Un service
api-op-list_deliveries = Les déconnexions envoyées à un service, ces 7 derniers jours
api-op-suspend_client = Suspend un service : plus rien de lui ne compte
api-op-resume_client = Reprend un service suspendu
api-op-draw_secret = Tire un secret, montré une fois
api-op-close_former_secret = Ferme l'ancien secret avant son terme
api-op-check_client = Vérifie une demande, sans rien garder
api-op-list_client_requests = Vos demandes de service
api-op-request_client = Prépare une demande de service, et l'envoie avec send
api-op-get_client_request = Une demande de service
api-op-change_client_request = Change, envoie ou retire une demande
api-op-list_schools = Les établissements du territoire
api-op-get_school = Un établissement et sa campagne
api-op-get_funnel = Où en sont les responsables d'un établissement
api-op-list_unreachable = Les responsables qu'aucun SMS n'atteint ; leurs noms, avec persons:read
api-op-change_campaign = Ouvre, prolonge ou ferme la campagne d'un établissement
api-op-preview_reminders = Ce qu'un rappel par SMS ou par e-mail enverrait : le texte, combien de personnes, le coût
api-op-order_reminders = Commande le rappel qui a été lu
api-op-list_reminder_orders = Les commandes de rappels de l'établissement : ce qui est parti, ce qui attend
api-op-cancel_reminders = Arrête des rappels : ce qui n'est pas parti ne partira pas
api-op-search_persons = Cherche une personne
api-op-get_diagnosis = Ce qui empêche une personne d'entrer
api-op-get_support_code = Ce à quoi mène un code d'assistance
api-op-repair_person = Débloque une personne
api-op-list_imports = Les bases déposées
api-op-get_import = Une base déposée
api-op-list_import_changes = Ce qu'une base déposée change, avec les clés des dossiers
api-op-list_import_lines = Le compte rendu d'une base déposée
api-op-upload_roster = Dépose les fichiers d'un établissement
api-op-decide_import = Prend ou refuse une base, si l'établissement en décide seul
api-op-stop_import = Retire une base déposée avant qu'elle soit écrite
api-op-undo_import = Remet l'établissement comme avant une base
api-op-list_events = Le journal du territoire, le plus récent d'abord
api-op-get_figures = Les connexions et les activations d'un lieu

api-problem-token_in_query = Le jeton ne doit pas être dans l'adresse : révoquez-le, il est peut-être déjà dans un journal.
api-problem-unknown_parameter = Ce paramètre n'est pas connu.
api-problem-bad_parameter = Un paramètre ou un en-tête n'a pas la forme attendue.
api-problem-bad_cursor = Cette suite est celle d'une autre liste, ou n'en est pas une. Recommencez au début.
api-problem-bad_json = Le corps n'est pas un objet JSON bien formé, ou un champ y est deux fois.
api-problem-bad_idempotency_key = L'Idempotency-Key a de 1 à 128 signes visibles.
api-problem-missing_token = Il manque le jeton, dans l'en-tête Authorization.
api-problem-invalid_token = Ce jeton ne sert pas : inconnu, révoqué, expiré, ou son rôle est terminé.
api-problem-insufficient_scope = Ce jeton ne permet pas cela.
api-problem-not_found = Il n'y a rien ici, ou pas dans votre territoire.
api-problem-method_not_allowed = Cette adresse ne prend pas cette méthode.
api-problem-in_progress = La même demande est en cours. Reposez-la un peu plus tard.
api-problem-outcome_unknown = La demande s'est interrompue : regardez ce qui est fait avant de recommencer avec une autre clé.
api-problem-secret_shown = Le secret a été montré. Tirez-en un autre si vous ne l'avez pas.
api-problem-two_secrets = Deux secrets sont pris déjà. Fermez d'abord l'ancien.
api-problem-nothing_to_do = Il n'y a rien à faire.
api-problem-another_waits = Une autre demande attend pour ce service.
api-problem-file_decides = Ce service est décrit par un fichier du déploiement ; le fichier décide.
api-problem-not_open = C'est déjà décidé ou retiré.
api-problem-person_decides = Une personne en décide, dans la console.
api-problem-too_late = Il est trop tard : quelque chose est venu après, ou le délai est passé.
api-problem-reminders_off = Aucun rappel n'est envoyé ici.
api-problem-campaign_not_open = La campagne n'est pas ouverte, ou se ferme dans quelques heures.
api-problem-over_budget = Le budget de l'établissement ne suffit pas.
api-problem-reminders_under_way = Des rappels par e-mail de cet établissement partent encore.
api-problem-uploads_full = Trop de fichiers attendent une décision.
api-problem-changed = Cela a changé depuis : relisez-le.
api-problem-too_large = Le corps est trop grand.
api-problem-json_expected = Le corps doit être en application/json.
api-problem-files_expected = Le corps doit être un formulaire avec des fichiers, en multipart/form-data.
api-problem-unknown_field = Ce champ n'est pas connu.
api-problem-missing_field = Il manque un champ.
api-problem-bad_value = Un champ n'a pas la forme attendue.
api-problem-bad_checks = Une réponse est à corriger d'abord. La demande est gardée comme brouillon.
api-problem-bad_files = Ces fichiers ne se lisent pas.
api-problem-idempotency_key_reused = Cette Idempotency-Key a servi pour une autre demande.
api-problem-no_secret = Ce service n'a pas de secret qui se change ici.
api-problem-no_overlap = Ce service signe avec son secret : l'ancien s'arrête tout de suite. Demandez overlap_days à 0.
api-problem-version_required = Dites quelle version vous avez lue, en If-Match.
api-problem-too_many_requests = Ce jeton a servi trop souvent cette heure-ci.
api-problem-too_many_wrong_tokens = Trop de jetons qui ne servent pas sont venus de cette adresse.
api-problem-too_many_checks = Trop de vérifications cette heure-ci.
api-problem-too_many_drafts = Trop de brouillons attendent. Retirez-en.
api-problem-too_many_persons = Ce jeton a lu assez de personnes cette heure-ci.
api-problem-too_many_of_day = C'est assez pour aujourd'hui.
api-problem-internal = Une erreur de notre côté. Elle est au journal, sous le numéro X-Request-Id.
api-problem-busy = Trop de demandes à la fois. Reposez celle-ci un peu plus tard.
