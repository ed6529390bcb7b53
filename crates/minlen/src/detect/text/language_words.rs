//! Table: the commonest words of languages, by which prose is told. Ties between close languages are broken by
//! words that only one of them has, so those are given first place.

/// Languages in Latin script.
pub(super) const LATIN: &[(&str, &str)] = &[
    (
        "English",
        "the of and to in a is that it was for on are with as his they at be this have from or had by not but \
         what all were we when your can said there an which she do their if will how i you he her them then my",
    ),
    (
        "German",
        "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er \
         hat dass sie nach wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber vor \
         zur bis mehr durch man sein wurde ich wir weil",
    ),
    (
        "French",
        "de la le et les des en un du une que est pour qui dans a par plus pas au sur ne se ce il sont la avec son \
         ou mais comme on nous lui ses aux cette elle leur même été deux je vous ces sans tout fait y d l",
    ),
    (
        "Spanish",
        "de la que el en y a los se del las un por con no una su para es al lo como más pero sus le ya o este sí \
         porque esta entre cuando muy sin sobre también me hasta hay donde quien desde todo nos qué fue",
    ),
    (
        "Italian",
        "di che e la il un a per in una mi sono ho non ma lo ha le si ti i con cosa se io come da ci no questo qui \
         sei del bene tu sì me più al mio c perché della nel alla lei gli dei è anche era delle suo",
    ),
    (
        "Portuguese",
        "de a o que e do da em um para com não uma os no se na por mais as dos como mas ao ele das à seu sua ou \
         quando muito nos já eu também só pelo pela até isso ela entre depois sem mesmo aos é foi são",
    ),
    (
        "Dutch",
        "de en van ik te dat die in een hij het niet zijn is was op aan met als voor had er maar om hem dan zou of \
         wat mijn men dit zo door over ze zich bij ook tot je mij uit der daar haar naar heb hoe heeft deze wordt",
    ),
    (
        "Polish",
        "i w nie na się z do to że jest o co jak ale po tak za od go ja przez już czy tylko jego ich był był dla \
         mnie jej tym być może są sie ze pan a oraz który która które którzy przed pod jako było była",
    ),
    (
        "Swedish",
        "och i att det som en på är av för med till den har de inte om ett han men var jag sig från vi så kan när \
         år säger hon under också efter eller nu sin där vid mot ska skulle kommer ut får",
    ),
    (
        "Czech",
        "a se v na je že to s z do o i jako ve si za k pro by po ale tak jsem co jeho jsou který jen od bylo když \
         byl už být ze až nebo při která které aby jak ještě",
    ),
    (
        "Turkish",
        "bir ve bu da de için ne ile çok o ben gibi daha var en ama kadar mi sonra her olarak diye değil olan ki \
         bunu şey sen ya yok onu nasıl",
    ),
    (
        "Latin",
        "et in est non ad ut cum qui quod sed ex quae ab esse sunt si nec aut enim per quam hoc etiam atque",
    ),
];

/// Languages in Cyrillic script.
pub(super) const CYRILLIC: &[(&str, &str)] = &[
    (
        "Russian",
        "и в не на я что он с как это по но они мы она за то все его а о из у к вы так же от было бы мне был только \
         для ты ее если или быть когда еще уже до ни чтобы при есть где нет их который чем",
    ),
    (
        "Ukrainian",
        "і в не на що я з у та як до за це він але по від про так його вона ми ви бо є й або для був було тільки \
         мене коли ще вже щоб які який їх де",
    ),
    (
        "Bulgarian",
        "и на да се за в от е не си с по са че как това но ще съм като до му го ти ли беше има той при",
    ),
];
