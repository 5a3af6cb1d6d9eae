"""Summer as winter and back: the recipe `cyclegan_monet` with other images.

python recipes/cyclegan_seasons.py [--x FOLDER --y FOLDER --test-x FOLDER --test-y FOLDER]
"""

import cyclegan_monet

main = cyclegan_monet.main.variant(
    "cyclegan_seasons",
    __doc__,
    x="cycle_gan/summer2winter_yosemite:trainA",
    y="cycle_gan/summer2winter_yosemite:trainB",
    test_x="cycle_gan/summer2winter_yosemite:testA",
    test_y="cycle_gan/summer2winter_yosemite:testB",
    identity_weight=0.0,
)

if __name__ == "__main__":
    main.run()
