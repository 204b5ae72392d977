# Keycloak 26, comme relais. Dans le dossier de Keycloak, après « bin/kcadm.sh config credentials » ; avant, donnez une
# valeur à REALM (votre royaume) et à PREAU_SECRET (le secret de ce service).
# Adresse de retour inscrite ici : {{redirect_uri}}
# Elle doit finir par /realms/<votre royaume>/broker/preau/endpoint.
# D'abord, dans « Realm settings » : onglet « User profile », rendez « email » facultatif (beaucoup de personnes n'ont pas d'adresse :
# sinon, Keycloak en demande un à chacun) ; onglet « General », mettez « Unmanaged attributes » sur « Only
# administrators can write » (sinon, Keycloak ne garde aucun de ces attributs). Il ne garde que du texte : les listes
# d'objets « children » et « schools » n'y entrent pas ; FrEduVecteur donne l'ELEVE_ID et l'UAI de chaque enfant.
# Il écrit un nom d'utilisateur en minuscules : sub, tel qu'il est donné, est l'attribut « sub ».
bin/kcadm.sh create partialImport -r "${REALM:?}" -s ifResourceExists=OVERWRITE -f - <<FIN
{
  "identityProviders": [{
    "alias": "preau", "providerId": "oidc", "displayName": "Préau", "enabled": true,
    "config": {
      "issuer": {{issuer}},
      "authorizationUrl": {{authorize}},
      "tokenUrl": {{token}},
      "userInfoUrl": {{userinfo}},
      "logoutUrl": {{logout}},
      "useJwksUrl": "true", "jwksUrl": {{jwks}}, "validateSignature": "true",
      "clientId": {{client_id}},
      "clientSecret": "${PREAU_SECRET:?}",
      "clientAuthMethod": "client_secret_basic",
      "pkceEnabled": "true", "pkceMethod": "S256",
      "defaultScope": {{scope}},
      "syncMode": "FORCE"
    }
  }],
  "identityProviderMappers": [
    { "name": "username", "identityProviderAlias": "preau", "identityProviderMapper": "oidc-username-idp-mapper",
      "config": { "template": "\${CLAIM.sub}", "target": "LOCAL", "syncMode": "INHERIT" } },
    { "name": "sub", "identityProviderAlias": "preau", "identityProviderMapper": "oidc-user-attribute-idp-mapper",
      "config": { "claim": "sub", "user.attribute": "sub", "syncMode": "INHERIT" } },
    { "name": "education_profile", "identityProviderAlias": "preau",
      "identityProviderMapper": "oidc-user-attribute-idp-mapper",
      "config": { "claim": "education_profile", "user.attribute": "education_profile", "syncMode": "INHERIT" } },
    { "name": "FrEduVecteur", "identityProviderAlias": "preau",
      "identityProviderMapper": "oidc-user-attribute-idp-mapper",
      "config": { "claim": "FrEduVecteur", "user.attribute": "FrEduVecteur", "syncMode": "INHERIT" } }
  ]
}
FIN
