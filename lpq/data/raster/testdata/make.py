#!/usr/bin/python3
"""Writes decode/ and resize/, pictures and what PIL makes of them. Run with: python3 make.py; made with Pillow 9.4.0 and libjpeg-turbo 2.1.5.

decode/NAME.jpg or NAME.png was written by PIL, or by dc_only below for the kinds that PIL does not write; NAME.expect.png is convert("RGB") of it.
resize/NAME.expect.png is resize/source.png, of which a part was cropped and resized as index.json says.
"""
import io, json, os
import numpy as np
from PIL import Image

rng = np.random.default_rng(6)


def scene(w, h):
    """Smooth colours with hard edges and some noise."""
    y, x = np.mgrid[0:h, 0:w]
    a = np.stack([127 + 90 * np.sin(x / 5.0 + c) * np.cos(y / (4.0 + c)) + 60 * ((x // 6 + y // 5 + c) % 2) for c in range(3)], -1)
    return Image.fromarray(np.clip(a + rng.normal(0, 6, a.shape), 0, 255).astype(np.uint8))


def keep(name, data):
    os.makedirs('decode', exist_ok=True)
    open('decode/' + name, 'wb').write(data)
    im = Image.open(io.BytesIO(data))
    im.convert('RGB').save('decode/' + os.path.splitext(name)[0] + '.expect.png', optimize=True)


def written(im, kind, **options):
    out = io.BytesIO()
    im.save(out, kind, **options)
    return out.getvalue()


class Bits:
    def __init__(self):
        self.text = ''

    def put(self, value, n):
        self.text += format(value, f'0{n}b') if n else ''

    def take(self):
        self.text += '1' * (-len(self.text) % 8)
        data = int(self.text, 2).to_bytes(len(self.text) // 8, 'big').replace(b'\xff', b'\xff\x00')
        self.text = ''
        return data


def dc_only(w, h, factors, restart=0, adobe=None, ids=None, order=None):
    """A baseline JPEG whose blocks are flat, of random levels: any sampling factors, restarts, Adobe transforms. DC categories have codes of 4 bits, the end of a block has 1.
    order has lists of components, one for each scan; by default there is one scan of all."""
    count = len(factors)
    ids = ids or list(range(1, count + 1))
    out = b'\xff\xd8'
    if adobe is not None:
        out += b'\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00' + bytes([adobe])
    out += b'\xff\xdb\x00\x43\x00' + bytes([16] * 64)
    out += b'\xff\xc0' + (8 + 3 * count).to_bytes(2, 'big') + b'\x08' + h.to_bytes(2, 'big') + w.to_bytes(2, 'big') + bytes([count])
    for i, (fh, fv) in zip(ids, factors):
        out += bytes([i, fh << 4 | fv, 0])
    dc = bytes([0, 0, 0, 12] + [0] * 12) + bytes(range(12))
    ac = bytes([1] + [0] * 15) + b'\x00'
    out += b'\xff\xc4' + (3 + len(dc)).to_bytes(2, 'big') + b'\x00' + dc + b'\xff\xc4' + (3 + len(ac)).to_bytes(2, 'big') + b'\x10' + ac
    if restart:
        out += b'\xff\xdd\x00\x04' + restart.to_bytes(2, 'big')
    mh, mv = max(f[0] for f in factors), max(f[1] for f in factors)
    for part in order or [list(range(count))]:
        out += b'\xff\xda' + (6 + 2 * len(part)).to_bytes(2, 'big') + bytes([len(part)]) + b''.join(bytes([ids[c], 0]) for c in part) + b'\x00\x3f\x00'
        if len(part) == 1:
            fh, fv = factors[part[0]]
            mcus = -(-w * fh // (8 * mh)) * -(-h * fv // (8 * mv))
            blocks = {part[0]: 1}
        else:
            mcus = -(-w // (8 * mh)) * -(-h // (8 * mv))
            blocks = {c: factors[c][0] * factors[c][1] for c in part}
        bits, last, marker = Bits(), dict.fromkeys(part, 0), 0
        for m in range(mcus):
            if restart and m and m % restart == 0:
                out += bits.take() + bytes([0xff, 0xd0 + marker % 8])
                marker, last = marker + 1, dict.fromkeys(part, 0)
            for c in part:
                for _ in range(blocks[c]):
                    level = int(rng.integers(-60, 61))
                    diff = level - last[c]
                    last[c] = level
                    n = abs(diff).bit_length()
                    bits.put(n, 4)
                    bits.put(diff if diff >= 0 else diff + (1 << n) - 1, n)
                    bits.put(0, 1)
        out += bits.take()
    return out + b'\xff\xd9'


def decode():
    im = scene(37, 29)
    for s, name in enumerate(('444', '422', '420')):
        for progressive in (False, True):
            keep(f'{name}{"_progressive" if progressive else ""}.jpg', written(im, 'JPEG', quality=80, subsampling=s, progressive=progressive))
    keep('low_quality.jpg', written(im, 'JPEG', quality=5))
    keep('grey.jpg', written(im.convert('L'), 'JPEG', quality=80))
    keep('grey_progressive.jpg', written(im.convert('L'), 'JPEG', quality=80, progressive=True))
    for w, h in ((1, 1), (2, 3), (3, 2), (5, 1), (17, 16), (16, 17)):
        keep(f'tiny_{w}x{h}.jpg', written(scene(w, h), 'JPEG', quality=80))
    exif = Image.Exif()
    exif[0x0112] = 6  # rotate
    keep('exif_rotated.jpg', written(im, 'JPEG', quality=80, exif=exif))
    cmyk = Image.fromarray(np.concatenate([255 - np.asarray(im), np.asarray(im.convert('L'))[..., None] // 3], -1), 'CMYK')
    data = written(cmyk, 'JPEG', quality=80)
    keep('cmyk.jpg', data)
    at = data.index(b'Adobe')
    keep('ycck.jpg', data[:at + 11] + b'\x02' + data[at + 12:])
    keep('cmyk_without_adobe.jpg', data[:at] + b'AdobX' + data[at + 5:])
    keep('junk_at_end.jpg', written(im, 'JPEG', quality=80) + b'more')
    data = written(im, 'JPEG', quality=80)
    keep('junk_before_end.jpg', data[:-2] + b'stray' + data[-2:])
    keep('short_of_data.jpg', data[:len(data) * 2 // 3] + b'\xff\xd9')
    for name, factors in {'440': (1, 2), '411': (4, 1), '410': (4, 2), '441': (1, 4), '424': (2, 4)}.items():
        keep(f'{name}.jpg', dc_only(37, 29, [factors, (1, 1), (1, 1)]))
    keep('mixed_factors.jpg', dc_only(37, 29, [(2, 2), (2, 1), (1, 2)]))
    keep('luma_below_chroma.jpg', dc_only(37, 29, [(1, 1), (2, 1), (2, 1)]))
    keep('rgb_by_adobe.jpg', dc_only(37, 29, [(1, 1)] * 3, adobe=0))
    keep('rgb_by_ids.jpg', dc_only(37, 29, [(1, 1)] * 3, ids=[82, 71, 66]))
    keep('ycck_420.jpg', dc_only(37, 29, [(2, 2), (1, 1), (1, 1), (2, 2)], adobe=2))
    keep('grey_with_factors.jpg', dc_only(37, 29, [(2, 2)]))
    keep('restarts.jpg', dc_only(61, 53, [(2, 2), (1, 1), (1, 1)], restart=3))
    keep('three_scans.jpg', dc_only(37, 29, [(2, 2), (1, 1), (1, 1)], order=[[0], [2], [1]], restart=2))
    keep('two_scans.jpg', dc_only(37, 29, [(2, 1), (1, 1), (1, 1)], order=[[1, 2], [0]]))
    im, grey = scene(13, 11), scene(13, 11).convert('L')
    keep('rgb.png', written(im, 'PNG'))
    keep('rgb_transparent.png', written(im, 'PNG', transparency=im.getpixel((3, 3))))
    im.putalpha(grey)
    keep('rgba.png', written(im, 'PNG'))
    keep('grey8.png', written(grey, 'PNG'))
    keep('grey8_transparent.png', written(grey, 'PNG', transparency=grey.getpixel((2, 2))))
    keep('grey_alpha.png', written(Image.merge('LA', (grey, grey)), 'PNG'))
    keep('grey1.png', written(grey.convert('1'), 'PNG'))
    keep('grey16.png', written(Image.fromarray(rng.integers(0, 700, (11, 13)).astype(np.int32), 'I'), 'PNG'))
    for colours in (3, 13, 200):
        keep(f'palette{colours}.png', written(im.convert('RGB').quantize(colours), 'PNG', bits=2 if colours == 3 else 4 if colours == 13 else 8))
    keep('palette_transparent.png', written(im.convert('RGB').quantize(50), 'PNG', transparency=bytes([0, 10, 255] * 10)))


def resize():
    os.makedirs('resize', exist_ok=True)
    source = scene(60, 45)
    source.save('resize/source.png', optimize=True)
    cases = []
    for part, size in (((0, 0, 60, 45), (32, 24)), ((0, 0, 60, 45), (90, 100)), ((7, 5, 40, 45), (20, 40)), ((10, 10, 25, 13), (17, 19)), ((3, 2, 4, 3), (5, 5)),
                       ((0, 0, 60, 45), (60, 20)), ((20, 0, 60, 45), (7, 45)), ((0, 0, 60, 45), (1, 1)), ((0, 0, 60, 45), (13, 3)), ((1, 1, 59, 44), (58, 43))):
        for name, filter in (('bilinear', Image.BILINEAR), ('bicubic', Image.BICUBIC)):
            out = f'{len(cases)}_{name}.expect.png'
            source.crop(part).resize(size, filter).save('resize/' + out, optimize=True)
            cases.append({'part': part, 'size': size, 'filter': name, 'expect': out})
    json.dump({'pillow': Image.__version__, 'cases': cases}, open('resize/index.json', 'w'), indent=1)


decode()
resize()
